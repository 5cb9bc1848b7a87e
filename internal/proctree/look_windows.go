package proctree

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// Boot returns nothing: the start times of processes are absolute.
func Boot() string { return "" }

// looker returns a function that looks at a process. It takes one picture of all processes, which is what takes long.
func looker() func(pid int) (Info, bool) {
	all := processes()
	return func(pid int) (Info, bool) {
		i, ok := all[pid]
		if !ok {
			return i, false
		}
		if process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid)); err == nil {
			i.Start, i.Args = startTime(process), commandLine(process)
			_ = windows.CloseHandle(process)
		}
		return i, true
	}
}

// processes returns all processes, with their parents and programs.
func processes() map[int]Info {
	all := map[int]Info{}
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return all
	}
	defer func() { _ = windows.CloseHandle(snapshot) }()
	var e windows.ProcessEntry32
	e.Size = uint32(unsafe.Sizeof(e))
	for err = windows.Process32First(snapshot, &e); err == nil; err = windows.Process32Next(snapshot, &e) {
		all[int(e.ProcessID)] = Info{
			PID: int(e.ProcessID), Parent: int(e.ParentProcessID), Program: windows.UTF16ToString(e.ExeFile[:]),
		}
	}
	return all
}

func startTime(process windows.Handle) int64 {
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(process, &created, &exited, &kernel, &user) != nil {
		return 0
	}
	return created.Nanoseconds()
}

// commandLine returns the arguments of a process, or none on a version of Windows before 8.1.
func commandLine(process windows.Handle) []string {
	const class = windows.ProcessCommandLineInformation
	var size uint32
	_ = windows.NtQueryInformationProcess(process, class, nil, 0, &size)
	if size < uint32(unsafe.Sizeof(windows.NTUnicodeString{})) || size > 1<<20 {
		return nil
	}
	// The structure stands at the beginning, and what it points to behind it. Its alignment is that of a pointer.
	buffer := make([]uintptr, (size+7)/uint32(unsafe.Sizeof(uintptr(0)))+1)
	if windows.NtQueryInformationProcess(process, class, unsafe.Pointer(&buffer[0]), size, &size) != nil {
		return nil
	}
	line := (*windows.NTUnicodeString)(unsafe.Pointer(&buffer[0])).String()
	args, _ := windows.DecomposeCommandLine(line)
	return args
}

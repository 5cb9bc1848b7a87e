package proctree

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// Boot returns nothing: the start times of processes are absolute.
func Boot() string { return "" }

// Looker returns a function that looks at a process. It takes one picture of all processes, which is what takes long.
func Looker() func(pid int) (Info, bool) {
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
	var line struct {
		windows.NTUnicodeString
		_ [1 << 15]uint16 // its text; a command line has no more
	}
	size := uint32(unsafe.Sizeof(line))
	err := windows.NtQueryInformationProcess(process, windows.ProcessCommandLineInformation, unsafe.Pointer(&line), size, &size)
	if err != nil {
		return nil
	}
	args, _ := windows.DecomposeCommandLine(line.String())
	return args
}

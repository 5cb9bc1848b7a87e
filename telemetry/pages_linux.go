package telemetry

import (
	"bufio"
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// returnPages gives back the pages of our own program that are in memory: instructions and constants, most of which only the
// start needs, and of which the kernel maps sixteen at a time. What is needed again costs a minor fault while the kernel has the
// file in its cache, and is read from disk where memory was so short that it has not, as for any program then. Nothing can be lost: a mapping that may be written, or that has a page which is no longer the file's, as
// where a debugger has set a breakpoint or a loader has changed addresses, is left as it is (proc_pid_smaps(5), madvise(2)).
func returnPages() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer maps.Close()
	var start, end uintptr
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		name, value, _ := bytes.Cut(lines.Bytes(), []byte(" "))
		switch string(name) {
		case "Anonymous:", "Swap:":
			if string(bytes.TrimSpace(value)) != "0 kB" {
				end = start
			}
		case "VmFlags:": // the last line of a mapping
			if 0 < start && start < end {
				_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, start, end-start, syscall.MADV_DONTNEED)
			}
			end = start
		default:
			if bytes.HasSuffix(value, []byte(" "+program)) && (bytes.HasPrefix(value, []byte("r-xp ")) || bytes.HasPrefix(value, []byte("r--p "))) {
				start, end = addresses(name)
			}
		}
	}
}

// addresses reads the two of "400000-e54000".
func addresses(s []byte) (start, end uintptr) {
	from, to, _ := bytes.Cut(s, []byte("-"))
	return address(from), address(to)
}

// address is 0, which is no mapping's, where it is not one of ours: an emulator shows those of its host.
func address(s []byte) uintptr {
	n, err := strconv.ParseUint(string(s), 16, strconv.IntSize)
	if err != nil {
		return 0
	}
	return uintptr(n)
}

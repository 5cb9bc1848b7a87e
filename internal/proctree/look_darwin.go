package proctree

import (
	"bytes"
	"encoding/binary"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// Boot returns what identifies this start of the system.
func Boot() string {
	id, _ := unix.Sysctl("kern.bootsessionuuid")
	return id
}

// Looker returns a function that looks at a process.
func Looker() func(pid int) (Info, bool) { return look }

func look(pid int) (Info, bool) {
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(p.Proc.P_pid) != pid {
		return Info{}, false
	}
	name, _, _ := bytes.Cut(p.Proc.P_comm[:], []byte{0}) // cut to 16 bytes
	i := Info{
		PID: pid, Parent: int(p.Eproc.Ppid), Program: string(name),
		Start: p.Proc.P_starttime.Nano() / 1000,
	}
	if text, err := unix.SysctlRaw("kern.procargs2", pid); err == nil { // not of another user's process
		if exe, args, ok := parseArguments(text); ok {
			i.Program, i.Args = path.Base(exe), args
		}
	}
	return i, true
}

// parseArguments reads what KERN_PROCARGS2 returns: the number of arguments, the path of the executable, padding, and the
// arguments, each of which ends with a zero; the environment follows.
func parseArguments(text []byte) (exe string, args []string, ok bool) {
	if len(text) < 4 {
		return "", nil, false
	}
	count := int(binary.NativeEndian.Uint32(text))
	exe, rest, ok := strings.Cut(string(text[4:]), "\x00")
	rest = strings.TrimLeft(rest, "\x00")
	for len(args) < count && rest != "" {
		var arg string
		arg, rest, _ = strings.Cut(rest, "\x00")
		args = append(args, arg)
	}
	return exe, args, ok
}

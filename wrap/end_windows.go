package wrap

import (
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"
)

// end is one end of a pump.
type end struct {
	file *os.File
	keep bool // our stderr: others write to it too, so it is never closed
	once sync.Once
}

func (e *end) read(b []byte) (int, error)  { return e.file.Read(b) }
func (e *end) write(b []byte) (int, error) { return e.file.Write(b) }

// close lets go of the end, so that whoever holds the other side sees it.
func (e *end) close() {
	if !e.keep {
		e.once.Do(func() { _ = e.file.Close() })
	}
}

// abandon does the same under a pump that may be blocked in it. For a pipe Close cancels what is under way; for a
// console it waits, so nobody waits for it: that goroutine ends with the next key or with the process.
func (e *end) abandon() {
	if !e.keep {
		e.once.Do(func() { go e.file.Close() })
	}
}

func interruptBlocked() {}

var peekNamedPipe = windows.NewLazySystemDLL("kernel32.dll").NewProc("PeekNamedPipe")

// buffered is how many bytes can be read without waiting.
func (e *end) buffered() (total int64) {
	raw, err := e.file.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(h uintptr) {
		var n uint32
		if ok, _, _ := peekNamedPipe.Call(h, 0, 0, 0, uintptr(unsafe.Pointer(&n)), 0); ok != 0 {
			total = int64(n)
		}
	})
	return total
}

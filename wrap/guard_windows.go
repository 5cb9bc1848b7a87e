package wrap

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// guard takes the server with us when we are killed: a job that its last handle, ours, kills when it goes. We enter it
// ourselves before the server starts, so that nothing the server starts first can escape, and what wants to leave it may.
type guard struct{ job windows.Handle }

func newGuard(*process) (*guard, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return nil, nil // as on systems that have none
	}
	g := &guard{job}
	if g.limit(windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE) != nil ||
		windows.AssignProcessToJobObject(job, windows.CurrentProcess()) != nil {
		_ = windows.CloseHandle(job)
		return nil, nil
	}
	return g, nil
}

func (g *guard) limit(kill uint32) error {
	var info windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	info.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_BREAKAWAY_OK | kill
	_, err := windows.SetInformationJobObject(g.job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
	return err
}

// close lets those live that outlive the server. Should the limit stay, closing the handle would end us here.
func (g *guard) close() {
	if g != nil && g.limit(0) == nil {
		_ = windows.CloseHandle(g.job)
	}
}

//go:build unix

package wrap

import (
	"os"

	"golang.org/x/sys/unix"
)

// wires are the descriptors made for a start.
type wires struct {
	null   int
	server []*os.File // the server's sides, of no use to us once it runs
	ends   []*end     // ours
}

// wire connects the server's streams: stdin and stdout by a pipe and a pump, stderr by the host's own descriptor unless
// a tap asked for it.
func (s *Server) wire(cfg *Config) (w *wires, err error) {
	w = &wires{}
	if w.null, err = unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0); err != nil {
		return w, err
	}
	files := s.process.files
	if cfg.Stdin != nil {
		s.input, files[0], err = w.pump(cfg.Stdin, true, false, newLook(cfg.Input, cfg.TapFailed))
	}
	if cfg.Stdout != nil && err == nil {
		s.output, files[1], err = w.pump(cfg.Stdout, false, false, newLook(cfg.Output, cfg.TapFailed))
	}
	files[2] = cfg.Stderr
	if cfg.Stderr != nil && cfg.Errors != nil && err == nil {
		s.errors, files[2], err = w.pump(cfg.Stderr, false, true, newLook(cfg.Errors, cfg.TapFailed))
	}
	return w, err
}

// pump connects a stream of the host's with a new pipe, whose other side is the server's.
func (w *wires) pump(f *os.File, in, keep bool, look *look) (*pump, *os.File, error) {
	host, err := hostEnd(f, w.null, keep)
	if err != nil {
		return nil, nil, err
	}
	w.ends = append(w.ends, host)
	r, wr, err := pipe()
	if err != nil {
		return nil, nil, err
	}
	ours, theirs := &end{fd: wr, null: w.null}, r
	if !in {
		ours, theirs = &end{fd: r, null: w.null}, wr
	}
	w.ends = append(w.ends, ours)
	if theirs, err = clear(theirs); err != nil {
		return nil, nil, err
	}
	server := os.NewFile(uintptr(theirs), "|")
	w.server = append(w.server, server)
	if in {
		return newPump(host, ours, look), server, nil
	}
	return newPump(ours, host, look), server, nil
}

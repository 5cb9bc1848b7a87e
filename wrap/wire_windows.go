package wrap

import "os"

// wires are the handles made for a start.
type wires struct{ server, ours []*os.File }

// wire connects the server's streams: stdin and stdout by a pipe and a pump, stderr by the host's own handle unless a
// tap asked for it. A stream that the host does not have is the null device: a process cannot be started without.
func (s *Server) wire(cfg *Config) (w *wires, err error) {
	w = &wires{}
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
	r, wr, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	host := &end{file: f, keep: keep}
	if in {
		w.server, w.ours = append(w.server, r), append(w.ours, wr)
		return newPump(host, &end{file: wr}, look), r, nil
	}
	w.server, w.ours = append(w.server, wr), append(w.ours, r)
	return newPump(&end{file: r}, host, look), wr, nil
}

func (w *wires) started() { closeAll(w.server) }
func (w *wires) undo()    { closeAll(w.ours) }
func (w *wires) done()    {}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

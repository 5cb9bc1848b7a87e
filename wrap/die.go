package wrap

// Die ends this process as the server ended, if it was killed by a signal and that can be imitated; otherwise it returns
// the code to exit with: the server's own, or 128 + the signal's number, as a shell would say it.
func (s Status) Die() int {
	if s.Signal == 0 {
		return s.Code
	}
	dieOf(s.Signal)
	return 128 + int(s.Signal)
}

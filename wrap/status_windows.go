package wrap

// SignalName is empty: no signal kills a process on Windows.
func (s Status) SignalName() string { return "" }

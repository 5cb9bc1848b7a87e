package otel

// LimitMemory makes a sink find a limit of memory for the server's process.
func (s *Sink) LimitMemory(bytes int64) { s.observed.memoryLimit = func(int) int64 { return bytes } }

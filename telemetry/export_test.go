package telemetry

// Stopping is closed when Close has stopped the consumer.
func (s *Session) Stopping() <-chan struct{} { return s.stop }

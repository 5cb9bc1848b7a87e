package telemetry

// Silence is for the tests' own main.
var Silence = silence

// Stopping is closed when Close has told the consumer.
func (t *Telemetry) Stopping() <-chan struct{} { return t.stop }

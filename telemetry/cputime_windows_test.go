package telemetry_test

import "time"

// processorTime is not implemented on Windows.
func processorTime() time.Duration { return 0 }

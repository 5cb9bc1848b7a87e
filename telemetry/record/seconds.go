package record

import "time"

// Seconds returns a duration in seconds, as all JSON has it. Duration.Seconds adds two parts, which shows in the last digit:
// 2.522 s would be 2.5220000000000002.
func Seconds(d time.Duration) float64 { return float64(d) / float64(time.Second) }

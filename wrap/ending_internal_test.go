package wrap

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestSignalNotObeyed looks at what time does to a signal that a server outlives.
func TestSignalNotObeyed(t *testing.T) {
	for _, test := range []struct {
		what    string
		signals []time.Duration // when they came, before the server's end
		want    End
	}{
		{"a server that obeys", []time.Duration{time.Second}, Signaled},
		{"a server that takes its time", []time.Duration{obeyTime}, Signaled},
		{"a server that ended long after it", []time.Duration{time.Hour}, ServerEnded},
		{"a server that obeys the second", []time.Duration{obeyTime + time.Second, time.Second * 20}, Signaled},
		{"a server that obeys the last", []time.Duration{time.Hour, time.Second}, Signaled},
	} {
		synctest.Test(t, func(t *testing.T) {
			var e ending
			end := time.Now().Add(2 * time.Hour)
			for _, before := range test.signals {
				time.Sleep(time.Until(end.Add(-before)))
				e.report(Signaled)
			}
			time.Sleep(time.Until(end))
			e.report(ServerEnded)
			e.report(ClientLeft)
			if got := e.what(); got != test.want {
				t.Errorf("%s: %v, want %v", test.what, got, test.want)
			}
		})
	}
}

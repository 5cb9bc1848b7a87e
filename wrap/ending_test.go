package wrap_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanpipe/spanpipe/wrap"
)

// TestSignalNotObeyed looks at what time does to a signal that a server outlives.
func TestSignalNotObeyed(t *testing.T) {
	const soon, late = wrap.ObeyTime, wrap.ObeyTime + time.Second
	for _, test := range []struct {
		what  string
		after []time.Duration // what passes after each signal
		want  wrap.End
	}{
		{"a server that takes its time", []time.Duration{soon}, wrap.Signaled},
		{"a server that ends long after it", []time.Duration{late}, wrap.ServerEnded},
		{"a server that obeys the second", []time.Duration{time.Second, soon}, wrap.Signaled},
		{"a server that obeys the last", []time.Duration{late, time.Second}, wrap.Signaled},
	} {
		synctest.Test(t, func(t *testing.T) {
			pauses := append([]time.Duration{0}, append(test.after, 0)...)
			var happened []wrap.End
			for range test.after {
				happened = append(happened, wrap.Signaled)
			}
			happened = append(happened, wrap.ServerEnded, wrap.ClientLeft)
			if got := wrap.EndOf(happened, func(i int) time.Duration { return pauses[i] }); got != test.want {
				t.Errorf("%s: %v, want %v", test.what, got, test.want)
			}
		})
	}
}

package record_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// TestRank: the percentile of few values is one of them.
func TestRank(t *testing.T) {
	for _, test := range []struct{ n, percent, want int }{
		{0, 95, 0}, {1, 50, 1}, {1, 99, 1}, {2, 50, 1}, {3, 50, 2}, {10, 95, 10}, {20, 95, 19}, {100, 95, 95}, {100, 100, 100}, {101, 99, 100},
	} {
		if got := record.Rank(test.n, test.percent); got != test.want {
			t.Errorf("%d percent of %d: place %d, want %d", test.percent, test.n, got, test.want)
		}
	}
}

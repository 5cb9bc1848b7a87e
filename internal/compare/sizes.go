package compare

import "github.com/spanpipe/spanpipe/telemetry/semconv"

// A size differs from one call to the next with what was asked for, and by a few bytes with a time or an id in it. So what one message
// takes in the mean must differ by a tenth and by some bytes. Two sessions with as many calls are taken to have asked for the same. If
// they have not, sizes must differ as durations must.
const (
	leastShare = 10 // one of so many
	leastBytes = 32
)

// sizesDiffer reports whether messages take more or less.
func sizesDiffer(a, b []int64) bool {
	if len(a) == 0 || len(b) == 0 {
		return false // which their outcomes say
	}
	before, after := mean(a), mean(b)
	smaller, larger := min(before, after), max(before, after)
	if larger-smaller < leastBytes || (larger-smaller)*leastShare < larger {
		return false
	}
	if len(a) == len(b) {
		return true
	}
	return len(a) >= leastCalls && len(b) >= leastCalls && mannWhitney(a, b) < significance
}

// mean returns the mean of sizes, rounded, and 0 of none.
func mean(sizes []int64) int64 {
	n := int64(len(sizes))
	if n == 0 {
		return 0
	}
	sum := int64(0)
	for _, size := range sizes {
		sum += size
	}
	return (sum + n/2) / n
}

// isList reports whether the answer to a request is definitions, or has the capabilities that the handshake's changes show.
func isList(method string) bool {
	return semconv.Paged(method) || method == semconv.Initialize || method == semconv.Discover
}

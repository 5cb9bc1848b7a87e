package semconv

// The boundaries of histograms, unless they are exponential. They are part of what the telemetry means: a percentile is
// known to within a bucket.

// Buckets returns a histogram's boundaries, or nil for another form. A caller may change the result.
func (i Instrument) Buckets() []float64 {
	switch {
	case i.Form != Histogram:
		return nil
	case i.Name == ServerSessionDuration.Name:
		return SessionBuckets()
	case i.Unit == "s":
		return DurationBuckets()
	}
	return SizeBuckets()
}

// advised are the boundaries, in seconds, that the conventions advise for all durations.
var advised = []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300}

// DurationBuckets returns the boundaries of durations, in seconds: those that the conventions advise, and below them some
// for local tools, most of which take a few milliseconds. A caller may change the result.
func DurationBuckets() []float64 {
	return append([]float64{0.001, 0.002, 0.005}, advised...)
}

// SessionBuckets returns the boundaries of the durations of sessions, in seconds: those that the conventions advise, and
// above them some for sessions of hours. From 45 minutes on, whole hours are in the middle of a bucket, where a
// percentile is read. A caller may change the result.
func SessionBuckets() []float64 {
	buckets := append([]float64(nil), advised...)
	for _, minutes := range []float64{10, 20, 30, 45, 75, 150} {
		buckets = append(buckets, minutes*60)
	}
	for _, hours := range []float64{3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 10, 14, 20, 28, 48, 7 * 24} {
		buckets = append(buckets, hours*3600)
	}
	return buckets
}

// SizeBuckets returns the boundaries of sizes, in bytes: powers of two from 128 B, below which there is only an envelope, to
// 64 MiB. A caller may change the result.
func SizeBuckets() []float64 {
	var buckets []float64
	for size := 128; size <= 64<<20; size *= 2 {
		buckets = append(buckets, float64(size))
	}
	return buckets
}

// CustomBuckets returns the boundaries of a histogram of the user's that has none of its own, by its unit.
func CustomBuckets(unit string) []float64 {
	switch unit {
	case "s":
		return DurationBuckets()
	case "By":
		return SizeBuckets()
	case "1": // shares
		return []float64{0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1}
	}
	return []float64{0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1_000_000}
}

package anomaly_test

import (
	"math"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// FuzzDetector makes operations of any bytes, with times that run backwards, negative sizes, ends without beginnings.
// The detector must not panic, and what it finds must be printable: finite, above what was usual, of a tool that was
// called.
func FuzzDetector(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))
	f.Add([]byte("\x00\xff\x7f\x80\x01\x02\x03\x04\x05\x06\x07\x08\x00\xff\x7f\x80\x01\x02\x03\x04\x05\x06\x07\x08"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var op *record.Operation
		d := anomaly.New(func(f record.Finding) { check(t, op, f) })
		var now time.Duration
		for n := uint64(1); len(data) >= 6; data = data[6:] {
			for range 16 { // few bytes must be enough for a loop, a burst and a past
				op = operationOf(data, now)
				op.Number = n
				now = startOf(op)
				if data[0]&1 == 0 {
					start(d, op)
				}
				if data[0]&2 == 0 {
					end(d, op)
				}
				n++
			}
		}
	})
}

func operationOf(b []byte, now time.Duration) *record.Operation {
	// Shifts reach from nothing to beyond what a session can last.
	start := now + time.Duration(int8(b[1]))<<(b[0]>>3)
	op := call(string('a'+rune(b[2]%5)), uint64(b[2]%3), start, time.Duration(int8(b[3]))<<(b[4]%64), int64(int8(b[5]))<<(b[4]%64))
	op.RequestSize = int64(b[5]) << (b[3] % 64)
	op.RoundTrips = 1 + int(b[4]>>7)
	switch b[2] >> 5 {
	case 1:
		op.Answered, op.ErrorType = false, semconv.ErrCancelled
	case 2:
		op.Code = "-32602"
	case 3:
		op.Method, op.Direction = semconv.ElicitationCreate, record.ToClient
	case 4:
		op.ErrorType = semconv.ErrAbandoned
	}
	return op
}

func check(t *testing.T, op *record.Operation, f record.Finding) {
	t.Helper()
	if f.Tool != op.Target || f.Operation != op.Number || f.Unit == "" || f.Seen <= 0 || math.IsInf(f.Seen, 0) || math.IsNaN(f.Seen) {
		t.Errorf("%+v", f)
	}
	if !(f.Usual >= 0 && f.Usual < f.Seen) && f.Kind != record.Loop {
		t.Errorf("not above the usual: %+v", f)
	}
}

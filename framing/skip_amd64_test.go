//go:build !purego

package framing_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/framing"
)

// The vectorised skippers must not be used unless the processor has all they need, of which this one is not asked. The bits are
// those of CPUID and XCR0 in Intel's manual.
func TestVectorsIn(t *testing.T) {
	const (
		one   = 1<<1 | 1<<23 | 1<<27 | 1<<28 // pclmulqdq, popcnt, osxsave, avx
		seven = 1<<3 | 1<<5 | 1<<8           // bmi1, avx2, bmi2
		xcr0  = 1<<1 | 1<<2                  // sse, ymm
	)
	for _, test := range []struct {
		name                  string
		top, one, seven, xcr0 uint32
		want                  bool
	}{
		{"just enough", 7, one, seven, xcr0, true},
		{"everything", 32, ^uint32(0), ^uint32(0), ^uint32(0), true},
		{"nothing", 7, 0, 0, 0, false},
		{"no leaf 7", 6, one, seven, xcr0, false},
		{"no pclmulqdq", 7, one &^ (1 << 1), seven, xcr0, false},
		{"no popcnt", 7, one &^ (1 << 23), seven, xcr0, false},
		{"no osxsave", 7, one &^ (1 << 27), seven, xcr0, false},
		{"no avx", 7, one &^ (1 << 28), seven, xcr0, false},
		{"no bmi1", 7, one, seven &^ (1 << 3), xcr0, false},
		{"no avx2", 7, one, seven &^ (1 << 5), xcr0, false},
		{"no bmi2", 7, one, seven &^ (1 << 8), xcr0, false},
		{"sse not saved", 7, one, seven, xcr0 &^ (1 << 1), false},
		{"ymm not saved", 7, one, seven, xcr0 &^ (1 << 2), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := framing.VectorsIn(test.top, test.one, test.seven, func() uint32 {
				if test.one&(1<<27) == 0 {
					t.Error("xgetbv where there is none")
				}
				return test.xcr0
			})
			if got != test.want {
				t.Errorf("vectors used: %v, want %v", got, test.want)
			}
		})
	}
}

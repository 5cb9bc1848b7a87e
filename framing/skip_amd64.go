//go:build !purego

package framing

import "unsafe"

// vectors says whether the processor has what the vectorised skippers need: AVX2, BMI1, BMI2, POPCNT and PCLMULQDQ, as
// all have since about 2013, and an operating system that saves the wide registers.
var vectors = hasVectors()

func hasVectors() bool {
	top, _, _, _ := cpuid(0, 0)
	_, _, one, _ := cpuid(1, 0)
	_, seven, _, _ := cpuid(7, 0)
	return vectorsIn(top, one, seven, xgetbv)
}

// vectorsIn is hasVectors for a processor that answers so. Only one that has osxsave knows xgetbv.
func vectorsIn(top, one, seven uint32, xgetbv func() uint32) bool {
	const (
		pclmulqdq, popcnt, osxsave, avx = 1 << 1, 1 << 23, 1 << 27, 1 << 28 // leaf 1, ecx
		bmi1, avx2, bmi2                = 1 << 3, 1 << 5, 1 << 8            // leaf 7, ebx
		sse, ymm                        = 1 << 1, 1 << 2                    // xcr0
	)
	all := func(bits, want uint32) bool { return bits&want == want }
	return top >= 7 && all(one, pclmulqdq|popcnt|osxsave|avx) && all(seven, bmi1|avx2|bmi2) && all(xgetbv(), sse|ymm)
}

// block is how many bytes the vectorised skippers look at at a time. They cannot work on a slice that has fewer.
const block = 64

func skipNested(b []byte, i int, n *nesting) int {
	if !vectors || len(b) < block {
		return skipNestedPlain(b, i, n)
	}
	return skipNestedAVX2(unsafe.SliceData(b), i, len(b), n)
}

func skipString(b []byte, i int, escaped uint64) (int, uint64) {
	if !vectors || len(b) < block {
		return skipStringPlain(b, i, escaped)
	}
	return skipStringAVX2(unsafe.SliceData(b), i, len(b), escaped)
}

//go:noescape
func skipNestedAVX2(b *byte, i, n int, st *nesting) int

//go:noescape
func skipStringAVX2(b *byte, i, n int, escaped uint64) (end int, after uint64)

//go:noescape
func cpuid(leaf, sub uint32) (eax, ebx, ecx, edx uint32)

//go:noescape
func xgetbv() uint32

package estimate_test

import (
	"os"
	"testing"

	"github.com/spanpipe/spanpipe/framing/estimate"
)

func BenchmarkCounter(b *testing.B) {
	text, err := os.ReadFile("testdata/judge/definitions-playwright.json")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	var c estimate.Counter
	for b.Loop() {
		c.Write(text)
	}
}

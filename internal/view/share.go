package view

import (
	"fmt"
	"math"
)

// Share returns a part of a whole as a percentage: "0 %", "14.5 %", "100 %". Neither a single failure nor a single success is
// rounded away. Nothing has no share: "–".
func Share[N int | int64](part, whole N) string {
	if whole == 0 {
		return "–"
	}
	percent := math.Round(float64(part)/float64(whole)*1000) / 10
	switch {
	case part > 0 && percent == 0:
		return "<0.1 %"
	case part < whole && percent == 100:
		return ">99.9 %"
	case part == 0 || part == whole:
		return fmt.Sprintf("%.0f %%", percent)
	}
	return fmt.Sprintf("%.1f %%", percent)
}

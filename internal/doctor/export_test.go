package doctor

import (
	"maps"
	"slices"
)

// Desktop returns the clients of a desktop.
func Desktop() []string { return slices.Collect(maps.Keys(desktop)) }

package cli

import (
	"cmp"
	"runtime/debug"
)

// Build is what the linker has set for this binary. Empty fields are filled from what Go has recorded.
type Build struct{ Version, Commit, Date string }

func (b Build) complete() Build {
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "(devel)" { // a build without version control, or with -buildvcs=false
			b.Version = cmp.Or(b.Version, v)
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Commit = cmp.Or(b.Commit, s.Value)
			case "vcs.time":
				b.Date = cmp.Or(b.Date, s.Value)
			}
		}
	}
	return Build{cmp.Or(b.Version, "devel"), cmp.Or(b.Commit, "unknown"), cmp.Or(b.Date, "unknown")}
}

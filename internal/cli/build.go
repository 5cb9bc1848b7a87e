package cli

import (
	"cmp"
	"runtime/debug"
	"strings"
)

// Build is what the linker has set for this binary. Empty fields are filled from what Go has recorded.
type Build struct{ Version, Commit, Date string }

// build is what is known of this binary. What is not known is empty, but for the version.
type build struct {
	Build
	from    string // who built it
	changed bool   // files differed from those of the commit
}

// Who builds binaries.
const (
	fromRelease = "release"    // goreleaser, which sets Build
	fromModule  = "go install" // go, of a version of the module
	fromSource  = "source"     // go, of a directory
)

// complete returns what the linker has set, with what Go has recorded in place of what is empty.
func (b Build) complete() Build { return b.describe().Build }

// describe returns what is known of this binary. Its version has no v in front, however it was built.
func (b Build) describe() build {
	info, _ := debug.ReadBuildInfo() // nil if there is none
	return b.known(info)
}

// known is describe with what Go has recorded, which may be nil.
func (b Build) known(info *debug.BuildInfo) build {
	all := build{Build: b, from: fromSource}
	if b.Version != "" {
		all.from = fromRelease
	}
	if info != nil {
		all.take(info)
	}
	all.Version = strings.TrimPrefix(cmp.Or(all.Version, "devel"), "v")
	return all
}

// take takes what Go has recorded.
func (b *build) take(info *debug.BuildInfo) {
	if b.from == fromSource && info.Main.Sum != "" { // a directory has none
		b.from = fromModule
	}
	if v := info.Main.Version; v != "(devel)" { // a build without version control, or with -buildvcs=false
		b.Version = cmp.Or(b.Version, v)
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = cmp.Or(b.Commit, s.Value)
		case "vcs.time":
			b.Date = cmp.Or(b.Date, s.Value)
		case "vcs.modified":
			b.changed = s.Value == "true" && b.from == fromSource
		}
	}
}

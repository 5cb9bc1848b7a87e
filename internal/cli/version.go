package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"
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

// versionFlag is what most people try first.
var versionFlag = &cli.BoolFlag{Name: "version", Usage: "show the version", DisableDefaultText: true}

func (a *app) versionCommand() *cli.Command {
	return &cli.Command{
		Name:   "version",
		Usage:  "show the version, commit, date and Go version",
		Action: func(*cli.Context) error { return a.showVersion() },
	}
}

func (a *app) showVersion() error {
	b := a.Build.complete()
	_, err := fmt.Fprintf(a.Stdout, "spanpipe %s\ncommit %s\ndate %s\ngo %s %s/%s\n",
		b.Version, b.Commit, b.Date, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

package cli

import (
	"cmp"
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"
)

// versionFlag is what most people try first.
var versionFlag = &cli.BoolFlag{Name: "version", Usage: "show the version", DisableDefaultText: true}

func (a *app) versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "show the version, commit, date and Go version",
		Description: `What a report of a bug needs to name the program: its version, the commit that
it was made of and when that was made, who built it ("release" for the binaries
and packages of a release, "go install", or "source"), and with which Go for
which system.

Exit status: 0; 2 if the command line is invalid.`,
		Flags:  []cli.Flag{jsonFlag},
		Action: func(c *cli.Context) error { return a.showVersion(c.Bool("json")) },
	}
}

// versionJSON is what "spanpipe version --json" prints; see docs/json.md.
type versionJSON struct {
	Version  int    `json:"version"`
	Spanpipe string `json:"spanpipe"`
	Commit   string `json:"commit,omitempty"`
	Changed  bool   `json:"changed"`
	Date     string `json:"date,omitempty"` // of the commit
	Built    string `json:"built"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

func (a *app) showVersion(asJSON bool) error {
	b := a.Build.describe()
	if asJSON {
		return a.writeJSON(versionJSON{
			jsonVersion, b.Version, b.Commit, b.changed, b.Date, b.from, runtime.Version(), runtime.GOOS, runtime.GOARCH,
		})
	}
	changed := ""
	if b.changed {
		changed = ", with changes"
	}
	_, err := fmt.Fprintf(a.Stdout, "spanpipe %s\ncommit %s%s\ndate %s\nbuilt %s\ngo %s %s/%s\n",
		b.Version, cmp.Or(b.Commit, "unknown"), changed, cmp.Or(b.Date, "unknown"), b.from, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

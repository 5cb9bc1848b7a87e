package cli

import (
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"
)

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

// Command composereader loads the Compose files that its arguments name, as "docker compose" does: it interpolates the variables of
// the .env file beside them, validates the result against the Compose specification and applies the profiles. It prints the project
// as JSON. It needs no Docker.
//
//	composereader [-profile name]… file…
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var profiles []string
	flag.Func("profile", "activate this profile instead of those in COMPOSE_PROFILES", func(name string) error {
		profiles = append(profiles, name)
		return nil
	})
	flag.Parse()
	// The order of "docker compose": without --profile, COMPOSE_PROFILES may come from the .env file.
	options, err := cli.NewProjectOptions(flag.Args(),
		cli.WithOsEnv, cli.WithEnvFiles(), cli.WithDotEnv, cli.WithDefaultProfiles(profiles...), cli.WithResolvedPaths(false))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	text, err := project.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(append(text, '\n'))
	return err
}

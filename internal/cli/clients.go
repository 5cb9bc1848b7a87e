package cli

import (
	"os"
	"runtime"
	"strings"

	"github.com/spanpipe/spanpipe/internal/clients"
)

// This file has what the commands about MCP clients share.

// machine is where clients' files are looked for.
func (a *app) machine() clients.Machine {
	lookup := func(name string) string { value, _ := getenv(a.Environ, name); return value }
	home := lookup("HOME")
	if runtime.GOOS == "windows" {
		home = lookup("USERPROFILE")
	}
	dir, _ := os.Getwd() // without one there are no files of a project
	return clients.Machine{OS: runtime.GOOS, Home: home, Getenv: lookup, Dir: dir}
}

// knownClient returns the client of a name, or of an ID.
func knownClient(command, name string) (*clients.Client, error) {
	plain := func(s string) string {
		return strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(s))
	}
	var known []string
	for _, client := range clients.Table() {
		if plain(name) == plain(client.ID) || plain(name) == plain(client.Name) {
			return client, nil
		}
		known = append(known, client.ID)
	}
	message := command + " knows no client " + name
	if best := nearest(name, known); best != "" {
		message += "; did you mean " + best + "?"
	}
	return nil, &usageError{message, "the clients found here: spanpipe clients"}
}

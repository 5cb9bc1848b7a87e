// Command packaging makes the packages for npm and PyPI of what goreleaser has built. It needs neither Node nor Python, and equal
// programs give equal packages, byte by byte.
//
//	goreleaser release --snapshot --clean
//	go run ./packaging
//
// It reads dist and writes dist/npm and dist/pypi. README.md in this directory says how the packages are published.
package main

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("packaging", flag.ContinueOnError)
	flags.SetOutput(stderr)
	root := flags.String("root", ".", "the `directory` of the checkout")
	dist := flags.String("dist", "dist", "the `directory` that goreleaser has written, where the packages are put, too")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := write(*root, *dist, stdout); err != nil {
		fmt.Fprintln(stderr, "packaging:", err)
		return 1
	}
	return 0
}

// write makes all packages and prints their names and sizes.
func write(root, dist string, stdout io.Writer) error {
	r, err := ReadRelease(root, dist)
	if err != nil {
		return err
	}
	for _, registry := range []struct {
		directory string
		build     func() (map[string][]byte, error)
	}{{"npm", r.NPM}, {"pypi", r.Wheels}} {
		packages, err := registry.build()
		if err != nil {
			return err
		}
		directory := filepath.Join(dist, registry.directory)
		if err := os.RemoveAll(directory); err != nil {
			return err
		}
		if err := os.Mkdir(directory, 0o755); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(packages)) {
			path := filepath.Join(directory, name)
			if err := os.WriteFile(path, packages[name], 0o644); err != nil {
				return err
			}
			fmt.Fprintf(stdout, "%s, %.1f MB\n", path, float64(len(packages[name]))/1e6)
		}
	}
	return nil
}

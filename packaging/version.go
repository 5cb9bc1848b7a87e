package main

import (
	"fmt"
	"regexp"
	"strings"
)

// versions are those that the project releases: final ones, candidates, and goreleaser's snapshots.
var versions = regexp.MustCompile(`^(\d+\.\d+\.\d+)(?:-(alpha|beta|rc)\.(\d+)|-snapshot\+([0-9a-z]+))?$`)

// NPMVersion returns a version as npm wants it. npm drops what follows a plus, by which snapshots differ.
func NPMVersion(version string) (string, error) {
	if !versions.MatchString(version) {
		return "", unknownVersion(version)
	}
	return strings.Replace(version, "+", ".g", 1), nil // with a letter, since numbers may not begin with 0
}

// PyPIVersion returns a version in the form that the Python packaging specification on version specifiers calls normalized. A
// snapshot comes before the release that it is named after, in both orders.
func PyPIVersion(version string) (string, error) {
	m := versions.FindStringSubmatch(version)
	switch {
	case m == nil:
		return "", unknownVersion(version)
	case m[4] != "":
		return m[1] + ".dev0+g" + m[4], nil
	case m[2] != "":
		number := strings.TrimLeft(m[3], "0")
		if number == "" {
			number = "0"
		}
		return m[1] + map[string]string{"alpha": "a", "beta": "b", "rc": "rc"}[m[2]] + number, nil
	}
	return m[1], nil
}

func unknownVersion(version string) error {
	return fmt.Errorf("version %q: want 1.2.3, 1.2.3-alpha.1, -beta.1, -rc.1 or goreleaser's -snapshot+COMMIT", version)
}

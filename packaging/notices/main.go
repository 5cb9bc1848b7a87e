// Command notices writes THIRD_PARTY_NOTICES.md: the licenses and notices of all that others wrote and that a release's
// binaries contain, on any of the six targets. Its test fails if the file is not what it would write.
//
//	go run . > ../../THIRD_PARTY_NOTICES.md
//
// It fails for a module without a license, and for a license that is not on the list below: a person has to decide then.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// targets are those of .goreleaser.yaml.
var targets = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

// tags are the build tags of .goreleaser.yaml.
const tags = "grpcnotrace,urfave_cli_no_docs"

// accepted are the licenses, by their SPDX identifiers, under which others' work may become part of the binaries: those that ask
// for no more than their text and the notices. GooglePatentsFile is what licensecheck calls the patent grant beside some of them.
var accepted = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "GooglePatentsFile"}

// root is the module whose binaries are released, as seen from this one.
const root = "../.."

func main() {
	out := bufio.NewWriter(os.Stdout)
	err := write(out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

// write writes the page.
func write(w io.Writer) error {
	works, err := collect()
	if err != nil {
		return err
	}
	return render(w, works)
}

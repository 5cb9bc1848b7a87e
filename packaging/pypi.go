package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// Wheels returns the packages for PyPI by their file names. A file in the directory "scripts" of a wheel's data becomes a command as
// it is, so what starts is the program itself. The packages have no code in Python.
func (r *Release) Wheels() (map[string][]byte, error) {
	version, err := PyPIVersion(r.Version)
	if err != nil {
		return nil, err
	}
	wheels := map[string][]byte{}
	stem := "spanpipe-" + version
	for _, t := range Targets {
		files := []File{{stem + ".data/scripts/" + t.program(), r.Programs[t.Target], true}}
		info := stem + ".dist-info/"
		for _, f := range r.legal() {
			f.Path = info + "licenses/" + f.Path
			files = append(files, f)
		}
		files = append(files,
			File{info + "METADATA", r.coreMetadata(version), false},
			File{info + "WHEEL", wheelFile(t.Wheel), false},
		)
		files = append(files, recordOf(files, info+"RECORD"))
		if wheels[stem+"-py3-none-"+t.Wheel+".whl"], err = zipped(files); err != nil {
			return nil, err
		}
	}
	return wheels, nil
}

// coreMetadata returns what PyPI and pip show, by the Python packaging specification on core metadata.
func (r *Release) coreMetadata(version string) []byte {
	lines := []string{
		"Metadata-Version: 2.4",
		"Name: spanpipe",
		"Version: " + version,
		"Summary: " + summary,
		"Keywords: mcp,model-context-protocol,opentelemetry,observability,tracing,stdio,proxy",
		"License-Expression: Apache-2.0",
	}
	for _, f := range r.legal() {
		lines = append(lines, "License-File: "+f.Path)
	}
	lines = append(lines,
		"Project-URL: Homepage, "+homepage,
		"Project-URL: Changelog, "+homepage+"/blob/main/CHANGELOG.md",
		"Project-URL: Issues, "+homepage+"/issues",
		"Classifier: Environment :: Console",
		"Classifier: Topic :: Software Development :: Debuggers",
		"Classifier: Topic :: System :: Monitoring",
		"Requires-Python: >=3.8",
		"Description-Content-Type: text/markdown",
	)
	return []byte(strings.Join(lines, "\n") + "\n\n" + string(text("pypi/README.md")))
}

// wheelFile returns the file WHEEL, with a line for each of the compressed tags.
func wheelFile(platforms string) []byte {
	var out strings.Builder
	out.WriteString("Wheel-Version: 1.0\nGenerator: spanpipe/packaging\nRoot-Is-Purelib: false\n")
	for platform := range strings.SplitSeq(platforms, ".") {
		out.WriteString("Tag: py3-none-" + platform + "\n")
	}
	return []byte(out.String())
}

// recordOf returns the list of a wheel's files with their hashes, by which pip removes them again.
func recordOf(files []File, path string) File {
	var out strings.Builder
	for _, f := range files {
		sum := sha256.Sum256(f.Data)
		fmt.Fprintf(&out, "%s,sha256=%s,%d\n", f.Path, base64.RawURLEncoding.EncodeToString(sum[:]), len(f.Data))
	}
	out.WriteString(path + ",,\n")
	return File{path, []byte(out.String()), false}
}

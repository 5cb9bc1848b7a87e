package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Listed is what "go list" reports of a package.
type Listed struct {
	Path    string `json:"ImportPath"` // below the module, such as "/wrap"; empty for main
	Dir     string
	GoFiles []string
	// CgoFiles and TestGoFiles should be empty: the product needs no C compiler, and tests stand outside their
	// package.
	CgoFiles, TestGoFiles []string
	Imports               []string
}

// List returns the module's packages as goos sees them.
func List(root, goos string) ([]Listed, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,CgoFiles,TestGoFiles,Imports", "./...")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "GOOS="+goos)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &stderr)
	}
	var all []Listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading the output of go list: %w", err)
		}
		p.Path = strings.TrimPrefix(p.Path, module)
		all = append(all, p)
	}
}

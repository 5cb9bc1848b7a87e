package serve

import (
	"errors"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/internal/web"
)

// A file that redirects: ui-…html in the directory of the store. The browser is started with its path, so that the code is
// in no process's arguments, which other users can read. The file is for the user alone, like all of the store.
const (
	filePrefix, fileSuffix = "ui-", ".html"

	redirect = `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=%[1]s">
<title>spanpipe</title>
<p><a href="%[1]s" rel="noreferrer">Open the page of spanpipe</a></p>
`
)

// linkFile is such a file while it exists.
type linkFile struct {
	path   string
	remove func() // may be called more than once
}

// writeLink writes a file that redirects to an address.
func writeLink(dir, url string) (*linkFile, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, filePrefix+"*"+fileSuffix) // 0600, and new: it follows no link
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(f, redirect, html.EscapeString(url))
	path, absolute := filepath.Abs(f.Name())
	l := &linkFile{path, sync.OnceFunc(func() { _ = os.Remove(f.Name()) })} // its code is no longer valid anyway
	if err = errors.Join(err, f.Close(), absolute); err != nil {
		l.remove()
		return nil, err
	}
	return l, nil
}

// sweep removes files that runs have left behind which were killed. Those of other runs may still be needed.
func sweep(dir string, now time.Time) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), filePrefix) || !strings.HasSuffix(e.Name(), fileSuffix) {
			continue
		}
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()).Abs() > web.CodeAge {
			_ = os.Remove(filepath.Join(dir, e.Name())) // the next run tries again
		}
	}
}

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

	"github.com/spanpipe/spanpipe/internal/browser"
	"github.com/spanpipe/spanpipe/internal/web"
)

// links makes links, for the browser or for the user. Its methods are called by one goroutine.
type links struct {
	config *Config
	page   *web.Server
	origin string
	open   bool // the browser is opened

	unseen chan struct{} // receives when the browser was opened and has not asked for the page
	over   chan struct{} // closed at the end
	files  sync.WaitGroup
}

func newLinks(c *Config, page *web.Server, origin string) *links {
	sweep(c.Dir, time.Now())
	return &links{config: c, page: page, origin: origin, open: c.Open, unseen: make(chan struct{}), over: make(chan struct{})}
}

// end removes the files that are left.
func (k *links) end() {
	close(k.over)
	k.files.Wait()
}

// next opens the page in the browser, or shows a link.
func (k *links) next() {
	if k.open {
		err := k.browse()
		if err == nil {
			return
		}
		k.config.None(err)
		k.open = false
	}
	k.config.Link(k.url(func() {}))
}

// givenUp says that the browser has not asked for the page. From then on, links are shown.
func (k *links) givenUp() {
	if k.open {
		k.open = false
		k.config.None(ErrUnseen)
	}
}

func (k *links) url(spent func()) string { return k.origin + "/#code=" + k.page.NewCode(spent) }

// browse opens the page in the browser by way of a file, which exists as long as its code is valid.
func (k *links) browse() error {
	spent := make(chan struct{})
	file, err := writeLink(k.config.Dir, k.url(func() { close(spent) }))
	if err != nil {
		return err
	}
	failed := make(chan struct{})
	k.files.Go(func() { // ends after web.CodeAge, or with k; end waits for it
		defer func() { _ = os.Remove(file) }() // its code is no longer valid in any case
		expired := time.NewTimer(web.CodeAge)
		defer expired.Stop()
		select {
		case <-expired.C:
			select {
			case k.unseen <- struct{}{}:
			case <-k.over:
			}
		case <-spent:
		case <-failed:
		case <-k.over:
		}
	})
	if err := browser.Open(file, k.config.Environ); err != nil {
		close(failed)
		return err
	}
	return nil
}

// A file that redirects: ui-…html in the directory of the store. The browser is started with its path, so that the code is
// in no process's arguments, which other users can read. The file is for the user alone, like all of the store.
const (
	filePrefix, fileSuffix = "ui-", ".html"

	redirect = `<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=%[1]s">
<title>spanpipe</title>
<p><a href="%[1]s">Open the page of spanpipe</a></p>
`
)

// writeLink writes a file that redirects to an address, and returns its path.
func writeLink(dir, url string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil { // a store without sessions has none
		return "", err
	}
	f, err := os.CreateTemp(dir, filePrefix+"*"+fileSuffix) // 0600, and new: it follows no link
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(f, redirect, html.EscapeString(url))
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name()) // it could not even be written
		return "", err
	}
	return f.Name(), nil
}

// sweep removes files that runs have left behind which were killed. Those of other runs may still be needed.
func sweep(dir string, now time.Time) {
	entries, _ := os.ReadDir(dir) // none: nothing to remove
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), filePrefix) || !strings.HasSuffix(e.Name(), fileSuffix) {
			continue
		}
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()).Abs() > web.CodeAge {
			_ = os.Remove(filepath.Join(dir, e.Name())) // the next run tries again
		}
	}
}

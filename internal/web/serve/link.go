package serve

import (
	"context"
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

	unopened chan error // receives why the browser was not opened, or ErrUnseen
	over     context.Context
	cancel   func() // at the end
	files    sync.WaitGroup
}

func newLinks(c *Config, page *web.Server, origin string) *links {
	sweep(c.Dir, time.Now())
	k := &links{config: c, page: page, origin: origin, open: c.Open, unopened: make(chan error)}
	k.over, k.cancel = context.WithCancel(context.Background())
	return k
}

// end removes the files that are left.
func (k *links) end() {
	k.cancel()
	k.files.Wait()
}

// next opens the page in the browser, or shows a link. It does not wait for the browser: Ctrl-C works meanwhile.
func (k *links) next() {
	if !k.open {
		k.config.Link(k.url(func() {}))
	} else if err := k.browse(); err != nil {
		k.givenUp(err)
	}
}

// givenUp says why the browser has not asked for the page. From then on, links are shown: the first at once, if none was opened.
func (k *links) givenUp(err error) {
	if !k.open { // another try has failed, too
		return
	}
	k.open = false
	k.config.Unopened(err)
	if !errors.Is(err, ErrUnseen) {
		k.next()
	}
}

func (k *links) url(spent func()) string { return k.origin + "/#code=" + k.page.NewCode(spent) }

// browse opens the page in the browser by way of a file, which exists as long as its code is valid.
func (k *links) browse() error {
	valid, spent := context.WithTimeout(k.over, web.CodeAge)
	file, err := writeLink(k.config.Dir, k.url(spent))
	if err != nil {
		spent()
		return err
	}
	k.files.Go(func() { // ends after web.CodeAge, or with k; end waits for it
		defer func() { _ = os.Remove(file) }() // its code is no longer needed in any case
		defer spent()
		err := browser.Open(valid, file, k.config.Environ)
		if err == nil {
			<-valid.Done()
			if !errors.Is(valid.Err(), context.DeadlineExceeded) {
				return
			}
			err = ErrUnseen
		}
		select {
		case k.unopened <- err:
		case <-k.over.Done():
		}
	})
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

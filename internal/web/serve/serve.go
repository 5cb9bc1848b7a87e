package serve

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spanpipe/spanpipe/internal/browser"
	"github.com/spanpipe/spanpipe/internal/web"
)

// Config describes a run of the page's server.
type Config struct {
	Page     web.Config // but for Hosts
	Addr     string     // as for Listen, which has returned the listener
	StoreDir string
	Open     bool // links go to the browser; else, and where there is none, to Link
	Environ  []string
	In       io.Reader // a line of it asks for another link; nil for none

	// Functions that write to the terminal; not called at the same time.
	At   func(origin string) // once it listens
	Link func(url string)    // a link to open by hand
	None func(error)         // why no browser was opened; Link follows
}

// endWithin is how long requests have to end when the server does.
const endWithin = time.Second

// Run serves the page until a signal, which it returns.
func Run(l net.Listener, c Config) (os.Signal, error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	c.Page.Hosts = hosts(l.Addr(), c.Addr)
	page, err := web.New(c.Page)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	failed := make(chan error, 1)
	go func() { failed <- page.Serve(l) }() // ends with Stop
	links := &links{config: &c, page: page, origin: origin(l.Addr(), c.Addr)}
	defer links.removeAll()
	sweep(c.StoreDir, time.Now())
	c.At(links.origin)
	asked := make(chan struct{}, 1)
	asked <- struct{}{}
	go read(c.In, asked) // ends with In, or the process: a read of a terminal cannot be interrupted
	for {
		select {
		case <-asked:
			links.next()
		case err := <-failed:
			return nil, err
		case s := <-signals:
			page.Stop(endWithin)
			<-failed // that it was stopped
			return s, nil
		}
	}
}

// read asks for another link with each line.
func read(in io.Reader, asked chan<- struct{}) {
	if in == nil {
		return
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		select {
		case asked <- struct{}{}:
		default: // one is being made
		}
	}
}

// links makes links, for the browser or for the user.
type links struct {
	config *Config
	page   *web.Server
	origin string

	mu    sync.Mutex
	files []*linkFile
}

// next opens the page in the browser, or shows a link.
func (k *links) next() {
	if k.config.Open {
		err := k.open()
		if err == nil {
			return
		}
		k.config.None(err)
	}
	k.config.Link(k.url(func() {}))
}

func (k *links) url(spent func()) string { return k.origin + "/#code=" + k.page.NewCode(spent) }

// open opens the page in the browser by way of a file. That is removed once the code was used or cannot be used any more.
func (k *links) open() error {
	spent := make(chan struct{}, 1)
	url := k.url(func() { spent <- struct{}{} })
	file, err := writeLink(k.config.StoreDir, url)
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.files = append(k.files, file)
	k.mu.Unlock()
	go func() { // ends after CodeAge, or with the process, which removes the file
		select {
		case <-spent:
		case <-time.After(web.CodeAge):
		}
		file.remove()
	}()
	if err := browser.Open(file.path, k.config.Environ); err != nil {
		file.remove()
		return err
	}
	return nil
}

func (k *links) removeAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, f := range k.files {
		f.remove()
	}
}

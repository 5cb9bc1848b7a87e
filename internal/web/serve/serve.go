package serve

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spanpipe/spanpipe/internal/web"
)

// Config describes a run of the page's server.
type Config struct {
	Page    web.Config // but for Hosts
	Addr    string     // as Listen was given it
	Dir     string     // of the store
	Open    bool       // the browser is opened
	Environ []string   // of the browser
	In      io.Reader  // a line of it asks for the page again; nil for none

	// These write to the terminal, never at the same time.

	At       func(Place)      // once the server listens
	Unopened func(error)      // why the browser was not opened, or ErrUnseen
	Link     func(url string) // a link to open by hand
}

// Place is where the page is.
type Place struct {
	Origin string
	Remote bool // other machines can reach it
}

// ErrUnseen is what Unopened is called with if the browser was opened and has not asked for the page.
var ErrUnseen = errors.New("the browser has not opened the page")

// endWithin is how long requests have to end when the server does.
const endWithin = time.Second

// Run serves the page until a signal, which it returns. It closes the listener.
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
	at := place(l.Addr(), c.Addr)
	k := newLinks(&c, page, at.Origin)
	defer k.end()
	c.At(at)
	k.next()
	asked := make(chan struct{}, 1)
	go read(c.In, asked) // ends with In, or the process: a read of a terminal cannot be interrupted
	for {
		select {
		case <-asked:
			k.next()
		case err := <-k.unopened:
			k.givenUp(err)
		case err := <-failed:
			return nil, err
		case s := <-signals:
			page.Stop(endWithin)
			if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
				return s, err
			}
			return s, nil
		}
	}
}

// read asks for the page with each line.
func read(in io.Reader, asked chan<- struct{}) {
	if in == nil {
		return
	}
	ignoreTerminalStops()
	for lines := bufio.NewScanner(in); lines.Scan(); {
		select {
		case asked <- struct{}{}:
		default: // it is being opened
		}
	}
}

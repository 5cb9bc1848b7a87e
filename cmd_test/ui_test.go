package cmd_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// ui is the page's server, "spanpipe ui".
type ui struct {
	*mcptest.Host
	origin string // of the page: http://127.0.0.1:PORT
	first  string // the link that it has printed
}

// startPage serves a store.
func startPage(t testing.TB, place home, dir string, flags ...string) *ui {
	t.Helper()
	line := append([]string{binary(t), "ui", "--no-open"}, flags...)
	u := &ui{Host: mcptest.Open(t, line, place.in("SPANPIPE_DIR="+dir, deskHang))}
	u.first = u.Line()
	at, err := url.Parse(u.first)
	if err != nil {
		t.Fatalf("no link: %q: %v", u.first, err)
	}
	u.origin = at.Scheme + "://" + at.Host
	return u
}

// link returns a link that has not been used.
func (u *ui) link() string {
	if link := u.first; link != "" {
		u.first = ""
		return link
	}
	u.Say("\n") // as Enter does
	return u.Line()
}

// view opens a place of the page in a new tab.
func (c *chromium) view(u *ui, place string) *tab {
	c.t.Helper()
	b := c.open(u.link())
	b.shows("Sessions")
	b.await(`!location.hash && sessionStorage.getItem("spanpipe-token") !== null`)
	b.visit(place)
	return b
}

// visit goes to a place of the page, as a click does, without loading it again.
func (b *tab) visit(place string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => { history.pushState({key: crypto.randomUUID()}, "", %s); dispatchEvent(new PopStateEvent("popstate")); return true })()`, quoted(place)))
}

// as runs a part of a test under a name of its own.
func (b *tab) as(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		defer func(outer testing.TB) { b.t = outer }(b.t)
		b.t = t
		f(t)
	})
}

// uiPlace is a place of the page, and texts that stand there.
type uiPlace struct {
	name, path string
	texts      []string
	keys       []string // that open something beside it
}

// places are those of a desk's store. The addresses of runs are those that the page itself has.
func (d *desk) places(b *tab) []uiPlace {
	d.t.Helper()
	b.visit("/sessions")
	b.shows("desk")
	run := eval[string](b, `[...document.querySelectorAll("#view a")].find((a) => a.pathname.startsWith("/runs/")).pathname`)
	return []uiPlace{
		{"sessions", "/sessions", []string{"mcp-servers/everything", "secure-filesystem-server", "mcptest-server", "memory-server", "live", "1 hung"}, nil},
		{"run", run, []string{"desk", "mcptest-server", "trigger-elicitation-request", "read_text_file", "hang"}, nil},
		{"operation", run, []string{"trigger-elicitation-request"}, []string{"n", "Enter"}},
		{"tools", "/tools", []string{"read_text_file", "trigger-long-running-operation", "echo"}, nil},
		{"clients", "/tools?by=client", []string{"desk"}, nil},
		{"tool", "/tools", []string{"read_text_file"}, []string{"j", "Enter"}},
		{"context", "/context", []string{"mcp-servers/everything", "secure-filesystem-server", "memory-server"}, nil},
		{"definition", "/context", []string{"memory-server"}, []string{"j", "j", "Enter"}},
		{"live", "/live", []string{"Open now", "hang", "hung after 3s", "trigger-elicitation-request", "As they end", "following"}, nil},
	}
}

// uiSizes are the widths that the page is looked at in.
var uiSizes = []struct{ width, height int64 }{{360, 740}, {1400, 900}, {1600, 1000}}

// wantNarrow checks that the page is not wider than its window.
func (b *tab) wantNarrow() {
	b.t.Helper()
	wide := eval[[]string](b, `(() => {
		const width = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= width) return [];
		return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1)
			.slice(0, 5).map((e) => e.outerHTML.slice(0, 160)).concat(document.documentElement.scrollWidth + " > " + width);
	})()`)
	if len(wide) > 0 {
		b.t.Errorf("the page is wider than its window:\n%s", strings.Join(wide, "\n"))
	}
}

// TestPeersUI looks at every view of the page, with sessions of real servers, in sizes from a telephone's to a desk's and in both
// color schemes: what has to stand there does, nothing goes wrong in the page, and axe has nothing to say.
func TestPeersUI(t *testing.T) {
	d := newDesk(t)
	d.memory()
	d.ends()
	d.trouble()
	d.filesystem()
	d.everything()
	u, c, axe := startPage(t, d.place, d.dir), newChromium(t), d.axe()
	b := c.view(u, "/sessions")
	for _, place := range d.places(b) {
		b.as(t, place.name, func(t *testing.T) {
			b.visit(place.path)
			b.shows(place.texts...)
			if len(place.keys) > 0 {
				b.press(place.keys...)
				b.await(`document.querySelector("#panel").innerText !== ""`)
			}
			b.wantReadable(t, axe, place.name)
			b.wantClean(u.origin)
		})
	}
}

// wantReadable looks at the page as it is now, in all sizes and color schemes.
func (b *tab) wantReadable(t *testing.T, axe *axe, state string) {
	t.Helper()
	inks := map[string]string{}
	for _, size := range uiSizes {
		for _, scheme := range []string{"light", "dark"} {
			b.as(t, fmt.Sprintf("%d px, %s", size.width, scheme), func(*testing.T) {
				b.resize(size.width, size.height, scheme)
				inks[scheme] = eval[string](b, `getComputedStyle(document.body).color`)
				b.wantNarrow()
				axe.check(b, state)
				b.keep(fmt.Sprintf("%s-%s-%d", strings.ReplaceAll(state, " ", "-"), scheme, size.width))
			})
		}
	}
	if inks["light"] == inks["dark"] {
		t.Errorf("text is %s, whatever the color scheme", inks["light"])
	}
}

// keep keeps a picture of the page in the directory that SPANPIPE_TEST_SCREENSHOTS names, for people to look at.
func (b *tab) keep(name string) {
	b.t.Helper()
	if dir := os.Getenv("SPANPIPE_TEST_SCREENSHOTS"); dir != "" {
		b.screenshot(filepath.Join(dir, name+".png"))
	}
}

package cmd_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// evilName is a name that an attacker lets resolve to this machine.
const evilName = "evil.example"

// TestPeersUIAttacks lets other pages try to reach the page and its data: one of another port of this machine, as that of a server
// that is wrapped, and one of a name that resolves to this machine.
func TestPeersUIAttacks(t *testing.T) {
	d := newDesk(t)
	d.filesystem()
	u := startPage(t, d.place, d.dir)
	c := newChromium(t, chromedp.Flag("host-resolver-rules", "MAP "+evilName+" 127.0.0.1"), chromedp.Flag("disable-popup-blocking", true))
	page := c.view(u, "/sessions") // it has the token, in the same browser
	page.shows("secure-filesystem-server")
	if cookie := eval[string](page, "document.cookie"); cookie != "" {
		t.Errorf("the page has a cookie, which servers on other ports would receive: %q", cookie)
	}

	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><title>evil</title><p>evil</p>")
	}))
	t.Cleanup(other.Close)
	_, port, err := net.SplitHostPort(other.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, origin := range []string{"http://127.0.0.1:" + port, "http://localhost:" + port} {
		t.Run(strings.TrimPrefix(origin, "http://"), func(t *testing.T) {
			evil := c.open(origin)
			evil.t = t
			evil.attack(u)
		})
	}
	t.Run("rebinding", func(t *testing.T) {
		_, port, _ := strings.Cut(strings.TrimPrefix(u.origin, "http://"), ":")
		evil := c.open("http://" + evilName + ":" + port + "/")
		evil.t = t
		if status := eval[int](evil, `performance.getEntriesByType("navigation")[0].responseStatus`); status != http.StatusMisdirectedRequest {
			t.Errorf("the page's status is %d", status)
		}
		for _, path := range []string{"/", "/assets/main.js", "/api/v1/sessions", "/api/v1/events"} {
			if status := eval[int](evil, `fetch(`+quoted(path)+`).then((r) => r.status)`); status != http.StatusMisdirectedRequest {
				t.Errorf("GET %s: %d", path, status)
			}
		}
		link, err := url.Parse(u.link())
		if err != nil {
			t.Fatal(err)
		}
		if status := eval[int](evil, exchangeCode("", link)); status != http.StatusMisdirectedRequest {
			t.Errorf("the exchange of a code: %d", status)
		}
	})
	if troubles := page.troubles(); len(troubles) > 0 {
		t.Errorf("the page has noticed: %q", troubles)
	}
}

// exchangeCode returns a script that exchanges the code of a link, in a way for which a browser does not ask the server before. Its
// value is the reply's status, or 0 if the browser keeps that to itself.
func exchangeCode(origin string, link *url.URL) string {
	code := strings.TrimPrefix(link.Fragment, "code=")
	return fmt.Sprintf(`fetch(%s, {method: "POST", mode: %s, body: JSON.stringify({code: %s})}).then((r) => r.status, () => 0)`,
		quoted(origin+"/api/v1/token"), quoted(map[bool]string{true: "same-origin", false: "no-cors"}[origin == ""]), quoted(code))
}

// attack does what a page of another origin can.
func (b *tab) attack(u *ui) {
	b.t.Helper()
	eval[any](b, `document.cookie = "spanpipe-token=evil; path=/"`)
	for what, script := range map[string]string{
		"GET":                  `fetch(URL).then((r) => r.text())`,
		"GET with credentials": `fetch(URL, {credentials: "include"}).then((r) => r.text())`,
		"GET with a token":     `fetch(URL, {headers: {Authorization: "Bearer guessed"}}).then((r) => r.text())`,
		"GET of an opaque reply": `fetch(URL, {mode: "no-cors"}).then((r) => r.text())
			.then((text) => { if (!text) throw new Error("nothing"); return text })`,
		"EventSource": `new Promise((ok, no) => { const s = new EventSource(URL); s.onopen = s.onmessage = ok; s.onerror = no })`,
		"a script":    `new Promise((ok, no) => document.head.append(Object.assign(document.createElement("script"), {src: ORIGIN + "/assets/main.js", onload: ok, onerror: no})))`,
		"a module":    `import(ORIGIN + "/assets/token.js")`,
		"a style":     `new Promise((ok, no) => document.head.append(Object.assign(document.createElement("link"), {rel: "stylesheet", href: ORIGIN + "/assets/style.css", onload: ok, onerror: no})))`,
		"a picture":   `new Promise((ok, no) => Object.assign(new Image(), {src: ORIGIN + "/assets/icon.svg", onload: ok, onerror: no}))`,
	} {
		url := u.origin + "/api/v1/sessions"
		if what == "EventSource" {
			url = u.origin + "/api/v1/events"
		}
		full := fmt.Sprintf(`((URL, ORIGIN) => %s)(%s, %s).then(() => "it worked", () => "refused")`, script, quoted(url), quoted(u.origin))
		if result := eval[string](b, full); result != "refused" {
			b.t.Errorf("%s: %s", what, result)
		}
	}
	b.steal(u)
	b.embed(u)
}

// steal tries to use up a code that is still good.
func (b *tab) steal(u *ui) {
	b.t.Helper()
	link, err := url.Parse(u.link())
	if err != nil {
		b.t.Fatal(err)
	}
	code := strings.TrimPrefix(link.Fragment, "code=")
	if status := eval[int](b, exchangeCode(u.origin, link)); status != 0 {
		b.t.Errorf("the reply to a code can be read: %d", status)
	}
	eval[any](b, fmt.Sprintf(`new Promise((done) => {
		const frame = Object.assign(document.createElement("iframe"), {name: "result"});
		const form = Object.assign(document.createElement("form"), {action: %s, method: "post", enctype: "text/plain", target: "result"});
		form.append(Object.assign(document.createElement("input"), {name: '{"code": ' + JSON.stringify(%s) + ', "x": "', value: '"}'}));
		document.body.append(frame, form);
		frame.onload = () => done(null);
		form.submit();
	})`, quoted(u.origin+"/api/v1/token"), quoted(code)))
	reply, err := http.Post(u.origin+"/api/v1/token", "application/json", strings.NewReader(fmt.Sprintf(`{"code": %q}`, code)))
	if err != nil {
		b.t.Fatal(err)
	}
	if _ = reply.Body.Close(); reply.StatusCode != http.StatusOK {
		b.t.Errorf("the code is no longer good for its owner: %s", reply.Status)
	}
}

// embed tries to hold the page in a frame, and in a window.
func (b *tab) embed(u *ui) {
	b.t.Helper()
	b.troubles()
	eval[any](b, fmt.Sprintf(`new Promise((done) => {
		const frame = Object.assign(document.createElement("iframe"), {src: %s});
		frame.onload = () => done(null);
		document.body.append(frame);
	})`, quoted(u.origin+"/sessions")))
	if troubles := strings.Join(b.troubles(), "\n"); !strings.Contains(troubles, "frame-ancestors") {
		b.t.Errorf("nothing kept the page from being in a frame: %q", troubles)
	}
	eval[any](b, fmt.Sprintf(`{ window.held = window.open(%s); null }`, quoted(u.origin+"/sessions")))
	b.await(`window.held.closed`) // it is open, but no longer theirs
}

// TestPeersUILink: without a link that is new, the page shows nothing, and the code of a link stands nowhere.
func TestPeersUILink(t *testing.T) {
	d := newDesk(t)
	d.memory()
	u, c := startPage(t, d.place, d.dir), newChromium(t)
	link := u.link()
	b := c.open(link)
	b.shows("memory-server")
	if at := eval[string](b, `location.href + " " + document.referrer + " " + JSON.stringify(history.state)`); strings.Contains(at, "code") {
		t.Errorf("the code is in %s", at)
	}
	eval[any](b, `{ const s = document.createElement("script"); s.textContent = "window.pwned = 1"; document.head.append(s); null }`)
	if eval[bool](b, `window.pwned === 1`) || !strings.Contains(strings.Join(b.troubles(), "\n"), "Content Security Policy") {
		t.Error("a script within the page has run")
	}
	for name, address := range map[string]string{"used": link, "none": u.origin + "/sessions", "wrong": u.origin + "/sessions#code=guessed"} {
		t.Run(name, func(t *testing.T) {
			stranger := newChromium(t).open(address)
			stranger.shows("This page’s link is used up", "spanpipe ui")
			if text := stranger.text(); strings.Contains(text, "memory-server") {
				t.Errorf("it shows %s", text)
			}
		})
	}
}

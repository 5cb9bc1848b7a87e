package web_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

const (
	ours = "127.0.0.1:7777"
	// onlyOurs is the policy of every reply: nothing but our own files and data, and no place in another page.
	onlyOurs = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// newServer returns a server over an empty store, and what it logs.
func newServer(t *testing.T) (*web.Server, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	s, err := web.New(web.Config{
		Store: &store.Store{Dir: t.TempDir()}, Since: "7d", HangAfter: time.Minute, Zone: time.UTC,
		Logger: slog.New(slog.NewTextHandler(&log, nil)), Hosts: []string{ours, "localhost:7777", "[::1]:7777"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, &log
}

// ask sends a request to a handler. Headers are pairs of name and value; Host is one.
func ask(t *testing.T, h http.Handler, method, target, body string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Host = ours
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	reply := w.Result()
	guarded(t, method+" "+target, reply)
	return reply
}

// guarded checks what holds for every reply.
func guarded(t *testing.T, what string, reply *http.Response) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": onlyOurs, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := reply.Header.Get(name); got != want {
			t.Errorf("%s: %s: %s %q, want %q", what, reply.Status, name, got, want)
		}
	}
	for name := range reply.Header {
		if name == "Set-Cookie" || strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s: %s: has %s", what, reply.Status, name)
		}
	}
	if reply.Header.Get("Permissions-Policy") == "" || reply.Header.Get("Cache-Control") == "" {
		t.Errorf("%s: %s: without Permissions-Policy or Cache-Control", what, reply.Status)
	}
}

func failureOf(t *testing.T, reply *http.Response) (f api.Failure) {
	t.Helper()
	if err := json.NewDecoder(reply.Body).Decode(&f); err != nil || f.Error == "" || f.Version != api.Version {
		t.Errorf("%s with %+v, %v", reply.Status, f, err)
	}
	return f
}

// some is the handler of a reply that needs no store.
func some(*http.Request) (any, error) {
	return map[string]string{"some": strings.Repeat("data ", 1000)}, nil
}

const someData = "/api/v1/some"

func guardedServer(t *testing.T) (http.Handler, string) {
	t.Helper()
	s, _ := newServer(t)
	return s.Guarded("GET "+someData, some), "Bearer " + s.Token()
}

// TestGuard asks as other pages, other users and wrong browsers do. All of it has the token, unless it says otherwise: that
// alone is not enough.
func TestGuard(t *testing.T) {
	h, token := guardedServer(t)
	for _, tt := range []struct {
		name, method, target string
		headers              []string
		status               int
	}{
		{"the page", "GET", "/", nil, 200},
		{"a place in the page", "GET", "/runs/20261126T101502Z-8f3c1a?since=7d", nil, 200},
		{"a place whose name has a slash", "GET", "/tools/git%2Fhub", nil, 200},
		{"an asset", "GET", "/assets/main.js", nil, 200},
		{"its header alone", "HEAD", "/assets/main.js", nil, 200},
		{"data", "GET", someData, nil, 200},
		{"data, from the page", "GET", someData, []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"}, 200},
		{"by name", "GET", someData, []string{"Host", "localhost:7777"}, 200},
		{"by name in capitals", "GET", someData, []string{"Host", "LOCALHOST:7777"}, 200},
		{"by IPv6", "GET", someData, []string{"Host", "[::1]:7777"}, 200},

		{"rebinding", "GET", someData, []string{"Host", "evil.example"}, 421},
		{"rebinding, with the port", "GET", someData, []string{"Host", "evil.example:7777"}, 421},
		{"rebinding to the page", "GET", "/", []string{"Host", "evil.example:7777"}, 421},
		{"rebinding to an asset", "GET", "/assets/main.js", []string{"Host", "evil.example:7777"}, 421},
		{"rebinding to the token", "POST", "/api/v1/token", []string{"Host", "evil.example:7777"}, 421},
		{"a name that begins like ours", "GET", "/", []string{"Host", "localhost:7777.evil.example"}, 421},
		{"a name that ends like ours", "GET", "/", []string{"Host", "evil.localhost:7777"}, 421},
		{"another port", "GET", "/", []string{"Host", "127.0.0.1:7778"}, 421},
		{"no port", "GET", "/", []string{"Host", "127.0.0.1"}, 421},
		{"no host", "GET", "/", []string{"Host", ""}, 421},

		{"another origin's page asks for data", "GET", someData, []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a server on another port does", "GET", someData, []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"another origin's page sends a code", "POST", "/api/v1/token", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"an old browser's does", "POST", "/api/v1/token", []string{"Origin", "http://127.0.0.1:8888"}, 403},
		{"a file's does", "POST", "/api/v1/token", []string{"Origin", "null"}, 403},
		{"a preflight", "OPTIONS", someData, []string{"Origin", "http://evil.example", "Access-Control-Request-Method", "GET"}, 405},
		{"a link leads to the page", "GET", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 200},

		{"no token", "GET", someData, []string{"Authorization", ""}, 401},
		{"a wrong token", "GET", someData, []string{"Authorization", "Bearer " + strings.Repeat("A", 43)}, 401},
		{"an empty token", "GET", someData, []string{"Authorization", "Bearer "}, 401},
		{"a token with more", "GET", someData, []string{"Authorization", token + "A"}, 401},
		{"another scheme", "GET", someData, []string{"Authorization", strings.Replace(token, "Bearer", "Basic", 1)}, 401},
		{"a token in the address", "GET", someData + "?token=" + strings.TrimPrefix(token, "Bearer "), []string{"Authorization", ""}, 401},
		{"a token in a cookie", "GET", someData, []string{"Authorization", "", "Cookie", "token=" + strings.TrimPrefix(token, "Bearer ")}, 401},
		{"what does not exist, without a token", "GET", "/api/v1/nope", []string{"Authorization", ""}, 401},

		{"events, without a token", "GET", "/api/v1/events", []string{"Authorization", ""}, 401},
		{"what does not exist", "GET", "/api/v1/nope", nil, 404},
		{"another version", "GET", "/api/v2/some", nil, 404},
		{"no view", "GET", "/nope", nil, 404},
		{"no asset", "GET", "/assets/nope.js", nil, 404},
		{"the page, as a file", "GET", "/assets/index.html", nil, 404},
		{"a directory of assets", "GET", "/assets/", nil, 404},
		{"a path that leads out", "GET", "/assets/../../../etc/passwd", nil, 404},
		{"in other words", "GET", "/assets/%2e%2e/%2e%2e/etc/passwd", nil, 404},
		{"with a backslash", "GET", `/assets/..%5c..%5cetc/passwd`, nil, 404},
		{"the code of the server", "GET", "/assets/../guard.go", nil, 404},
		{"two slashes, as of another host", "GET", "//evil.example/", nil, 404},
		{"another method", "PUT", "/", nil, 405},
		{"another method for an asset", "DELETE", "/assets/main.js", nil, 405},
		{"data is only read", "POST", someData, nil, 405},
		{"data is not removed", "DELETE", someData, nil, 405},
		{"a method that does not exist", "BREW", someData, nil, 405},
		{"the token is not read", "GET", "/api/v1/token", nil, 405},
		{"options of the server", "OPTIONS", "/", nil, 405},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reply := ask(t, h, tt.method, tt.target, "", append([]string{"Authorization", token}, tt.headers...)...)
			if reply.StatusCode != tt.status {
				t.Errorf("%s %s: %s, want %d", tt.method, tt.target, reply.Status, tt.status)
			}
			if reply.StatusCode >= 400 {
				failureOf(t, reply)
			}
			if reply.StatusCode == http.StatusMethodNotAllowed && reply.Header.Get("Allow") == "" {
				t.Error("Allow does not say what is")
			}
			if got := reply.Header.Get("Location"); got != "" {
				t.Errorf("leads to %s", got)
			}
		})
	}
}

// TestReplyCompressed: a reply is the same with and without compression.
func TestReplyCompressed(t *testing.T) {
	h, token := guardedServer(t)
	read := func(target string, headers ...string) (string, *http.Response) {
		reply := ask(t, h, "GET", target, "", append([]string{"Authorization", token}, headers...)...)
		var body io.Reader = reply.Body
		if reply.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text), reply
	}
	for _, target := range []string{someData, "/assets/main.js", "/"} {
		plain, reply := read(target)
		zipped, other := read(target, "Accept-Encoding", "deflate, gzip;q=1.0, br")
		if reply.Header.Get("Content-Encoding") != "" || other.Header.Get("Content-Encoding") != "gzip" || plain != zipped {
			t.Errorf("%s: %d bytes plain, %d zipped by %q", target, len(plain), len(zipped), other.Header.Get("Content-Encoding"))
		}
		if none, r := read(target, "Accept-Encoding", "gzip;q=0, *;q=0"); r.Header.Get("Content-Encoding") != "" || none != plain {
			t.Errorf("%s: compressed though the browser refuses it", target)
		}
	}
}

// TestCaching: data is never kept; an asset is, and asked for again.
func TestCaching(t *testing.T) {
	h, token := guardedServer(t)
	if got := ask(t, h, "GET", someData, "", "Authorization", token).Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("data: Cache-Control %q", got)
	}
	first := ask(t, h, "GET", "/assets/main.js", "")
	etag := first.Header.Get("Etag")
	if first.Header.Get("Cache-Control") != "no-cache" || etag == "" {
		t.Errorf("asset: %v", first.Header)
	}
	if again := ask(t, h, "GET", "/assets/main.js", "", "If-None-Match", etag); again.StatusCode != http.StatusNotModified {
		t.Errorf("asset again: %s", again.Status)
	}
	if other := ask(t, h, "GET", "/assets/main.js", "", "If-None-Match", `W/"other"`); other.StatusCode != http.StatusOK {
		t.Errorf("asset of another version: %s", other.Status)
	}
}

// TestHandlerFails: an error and a panic are replies with a line, and the server goes on.
func TestHandlerFails(t *testing.T) {
	s, log := newServer(t)
	for name, handle := range map[string]func(*http.Request) (any, error){
		"panic":   func(*http.Request) (any, error) { panic("a defect") },
		"error":   func(*http.Request) (any, error) { return nil, errors.New("a defect\x1b[2J") },
		"no JSON": func(*http.Request) (any, error) { return func() {}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			log.Reset()
			h := s.Guarded("GET "+someData, handle)
			reply := ask(t, h, "GET", someData, "", "Authorization", "Bearer "+s.Token())
			if f := failureOf(t, reply); reply.StatusCode != http.StatusInternalServerError || strings.Contains(f.Error, "\x1b") {
				t.Errorf("%s: %+v", reply.Status, f)
			}
			if !strings.Contains(log.String(), someData) || strings.Contains(log.String(), "\x1b") {
				t.Errorf("the log is %q", log)
			}
		})
	}
}

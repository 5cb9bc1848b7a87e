package web

import (
	"fmt"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"
)

// policy is what the page may do: load its own files, and ask its own server.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// headers are those of every reply.
var headers = map[string]string{
	"Content-Security-Policy":      policy,
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy": "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), " +
		"microphone=(), midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()",
	"Referrer-Policy":        "no-referrer",
	"X-Content-Type-Options": "nosniff",
	"Cache-Control":          "no-store", // assets have another
}

// replyWithin is how long a browser may take to read a reply that is not a stream.
const replyWithin = time.Minute

const (
	dataPath   = "/api/v1/"
	tokenPath  = dataPath + "token"
	eventsPath = dataPath + "events"
)

// guard returns the handler of all requests. It lets through what this page, in the browser of this user, asks for:
//
//   - The Host must be ours. A page of evil.example whose name is made to resolve to 127.0.0.1 is of another origin than we
//     are, but to the browser of the same as its own requests. They say "Host: evil.example".
//   - A page of another origin, a wrapped server's on another port included, can send requests but has no token. There is no
//     cookie, which browsers would add to its requests: cookies ignore ports. Nothing allows it to read replies.
//   - Another user of the machine can send any request, but has no token either.
//
// Only GET and HEAD are answered, but for the exchange of a code.
func (s *Server) guard(mux *http.ServeMux) http.Handler {
	var crossOrigin http.CrossOriginProtection
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		out := &watched{ResponseWriter: w}
		defer s.recovered(out, r)
		if err := s.refuse(r, &crossOrigin); err != nil {
			writeFailure(out, r, err)
			return
		}
		if err := routed(mux, r); err != nil {
			writeFailure(out, r, err)
			return
		}
		if r.URL.Path != eventsPath {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(replyWithin)) // of the request before: none
			defer func() { _ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) }()
		}
		mux.ServeHTTP(out, r)
	})
}

// refuse returns why a request is not answered, whatever it asks for.
func (s *Server) refuse(r *http.Request, crossOrigin *http.CrossOriginProtection) *failure {
	if !s.isOurs(r.Host) {
		return refusal(http.StatusMisdirectedRequest, "this server is not "+shortened(r.Host), "open the address that spanpipe ui has printed")
	}
	if err := crossOrigin.Check(r); err != nil {
		return refusal(http.StatusForbidden, "the request comes from another page", "")
	}
	if !strings.HasPrefix(r.URL.Path, dataPath) || r.URL.Path == tokenPath {
		return nil
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return refusal(http.StatusForbidden, "the request comes from another page", "")
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || !s.codes.holds(token) {
		return refusal(http.StatusUnauthorized, "the page is not connected: it has no valid token", newLink)
	}
	trust(r)
	return nil
}

// isOurs reports whether a Host is one of the server's.
func (s *Server) isOurs(host string) bool {
	for _, h := range s.config.Hosts {
		if strings.EqualFold(h, host) {
			return true
		}
	}
	return false
}

// routed returns an error if a mux does not know a request's path, or not with its method. The mux's own replies are no JSON, and
// redirects.
func routed(mux *http.ServeMux, r *http.Request) *failure {
	at := r.URL.EscapedPath()
	if clean := path.Clean(at); clean != at || !strings.HasPrefix(at, "/") { // the mux would redirect
		return nothingAt(r)
	}
	if _, pattern := mux.Handler(r); pattern != "" {
		return nil
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := *r
		other.Method = method
		if _, pattern := mux.Handler(&other); pattern != "" {
			f := refusal(http.StatusMethodNotAllowed, shortened(r.Method)+" is not allowed here", "")
			f.allow = method
			if method == http.MethodGet {
				f.allow = "GET, HEAD"
			}
			return f
		}
	}
	return nothingAt(r)
}

func nothingAt(r *http.Request) *failure {
	return refusal(http.StatusNotFound, "there is nothing at "+shortened(r.URL.EscapedPath()), "docs/ui-api.md lists what there is")
}

// recovered replies to a request whose handler panicked. The program goes on: other pages are shown.
func (s *Server) recovered(w *watched, r *http.Request) {
	problem := recover()
	if problem == nil {
		return
	}
	if problem == http.ErrAbortHandler { //nolint:errorlint,err113 // as package http compares it
		panic(problem)
	}
	s.config.Logger.Error("a request of the page has failed", "path", shortened(r.URL.EscapedPath()), "error", fmt.Sprint(problem))
	s.config.Logger.Debug("where it has failed", "stack", string(debug.Stack()))
	if w.started {
		panic(http.ErrAbortHandler) // ends the connection, so that the reply is not taken for whole
	}
	writeFailure(w, r, refusal(http.StatusInternalServerError, "spanpipe ui has failed at "+shortened(r.URL.EscapedPath()),
		"see the terminal where it runs, and please report what stands there"))
}

// watched is a ResponseWriter that knows whether the reply has started.
type watched struct {
	http.ResponseWriter
	started bool
}

// WriteHeader implements http.ResponseWriter.
func (w *watched) WriteHeader(status int) {
	w.started = true
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *watched) Write(b []byte) (int, error) {
	w.started = true
	return w.ResponseWriter.Write(b)
}

// Flush implements http.Flusher.
func (w *watched) Flush() {
	w.started = true
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

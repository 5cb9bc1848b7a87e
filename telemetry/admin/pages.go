package admin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Health is what is known of a session.
type Health struct {
	Version   string    // of spanpipe
	Started   time.Time // when the server's process started; zero if it could not be started
	OpenCalls int64     // calls of tools, prompts and resources that wait for their response
	Alive     bool      // the server's process is running
	Answered  bool      // it has answered a request
}

// Report is the JSON of the health pages, see docs/json.md.
type Report struct {
	Status    string  `json:"status"`  // ok, failed
	Version   string  `json:"version"` // of spanpipe
	Uptime    float64 `json:"uptime"`  // of the server's process, in seconds
	OpenCalls int64   `json:"open_calls"`
	Checks    []Check `json:"checks"`
}

// Check is a condition behind a health page.
type Check struct {
	Name    string `json:"name"` // process, answered
	OK      bool   `json:"ok"`
	Message string `json:"message"`
}

// The paths of the two health pages. Each has a shorter one beside it.
const (
	HealthPath = "/healthz"
	ReadyPath  = "/readyz"
)

// index is the page that lists the others.
const index = `spanpipe

/metrics   for Prometheus
/healthz   200 while the server's process is running, else 503 (also /health)
/readyz    200 once it has answered a request, too, else 503 (also /ready)

/healthz?format=json, or with "Accept: application/json", says more.
`

// pages returns the handler of all pages. Other paths are not found. A GET pattern matches HEAD, too.
func pages(metrics http.Handler, health func() Health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, index)
	})
	for _, path := range []string{HealthPath, "/health"} {
		mux.HandleFunc("GET "+path, page(health, processCheck))
	}
	for _, path := range []string{ReadyPath, "/ready"} {
		mux.HandleFunc("GET "+path, page(health, processCheck, answeredCheck))
	}
	return mux
}

func processCheck(h Health) Check {
	return check("process", h.Alive, "the server is running", "the server has ended")
}

func answeredCheck(h Health) Check {
	return check("answered", h.Answered, "the server has answered a request", "no response from the server yet")
}

func check(name string, ok bool, yes, no string) Check {
	if ok {
		return Check{name, true, yes}
	}
	return Check{name, false, no}
}

// page answers whether all checks hold: 200 or 503, as Kubernetes's HTTP probes expect. Its text is the first check that
// does not, else the last one.
func page(health func() Health, checks ...func(Health) Check) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := health()
		report := Report{Status: "ok", Version: h.Version, OpenCalls: h.OpenCalls}
		if h.Alive && !h.Started.IsZero() {
			report.Uptime = time.Since(h.Started).Seconds()
		}
		code, text := http.StatusOK, ""
		for _, check := range checks {
			one := check(h)
			report.Checks = append(report.Checks, one)
			if code == http.StatusOK {
				text = one.Message
			}
			if !one.OK {
				code, report.Status = http.StatusServiceUnavailable, "failed"
			}
		}
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Vary", "Accept")
		header.Set("X-Content-Type-Options", "nosniff")
		if wantsJSON(r) {
			header.Set("Content-Type", "application/json")
			w.WriteHeader(code)
			_ = json.NewEncoder(w).Encode(report) // the client has left
			return
		}
		header.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(code)
		fmt.Fprintln(w, text)
	}
}

// wantsJSON reports whether a request asks for JSON. Everything else is answered in text, as probes expect.
func wantsJSON(r *http.Request) bool {
	return r.URL.Query().Get("format") == "json" || strings.Contains(r.Header.Get("Accept"), "application/json")
}

package web

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

// failure is an error with what to reply.
type failure struct {
	status int
	api.Failure
	allow string // methods, with http.StatusMethodNotAllowed
}

func (f *failure) Error() string { return f.Failure.Error }

// refusal returns the failure of a status.
func refusal(status int, text, next string) *failure {
	return &failure{status: status, Failure: api.Failure{Version: api.Version, Error: text, Next: next}}
}

// wrong returns the error of a request that cannot be answered as it is.
func wrong(text, next string) error { return refusal(http.StatusBadRequest, text, next) }

// missing returns the error of a request for what is not there.
func missing(text, next string) error { return refusal(http.StatusNotFound, text, next) }

// shortened returns a text of a request, safe to show.
func shortened(text string) string {
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	return view.Safe(text)
}

// reply returns the handler that writes what another one returns, as JSON.
func reply(log *slog.Logger, handle func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := handle(r)
		if err == nil {
			err = writeJSON(w, r, http.StatusOK, body)
		}
		switch f, ok := errors.AsType[*failure](err); {
		case err == nil || r.Context().Err() != nil: // the page has left
		case ok:
			writeFailure(w, r, f)
		default:
			log.Warn("a request of the page cannot be answered", "path", shortened(r.URL.EscapedPath()), "error", err.Error())
			writeFailure(w, r, refusal(http.StatusInternalServerError, view.Safe(err.Error()), ""))
		}
	})
}

// writeFailure replies with a failure.
func writeFailure(w http.ResponseWriter, r *http.Request, f *failure) {
	if f.allow != "" {
		w.Header().Set("Allow", f.allow)
	}
	_ = writeJSON(w, r, f.status, f.Failure) // it has nothing that cannot be encoded
}

// writeJSON replies with a value. The error is that of a value that cannot be encoded, before anything is written.
func writeJSON(w http.ResponseWriter, r *http.Request, status int, body any) error {
	out := &lateWriter{w: w, status: status, gzip: acceptsGzip(r)}
	err := json.NewEncoder(out).Encode(body)
	out.close()
	if out.started { // the page has left
		return nil
	}
	return err
}

// lateWriter writes the header of a reply with the first bytes of its body, which it compresses.
type lateWriter struct {
	w      http.ResponseWriter
	status int
	gzip   bool

	started bool
	zip     *gzip.Writer
}

// zippers are unused gzip.Writers, which are large.
var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // a valid level
	return z
}}

// Write implements io.Writer.
func (l *lateWriter) Write(b []byte) (int, error) {
	if !l.started {
		l.started = true
		h := l.w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Vary", "Accept-Encoding")
		if l.gzip {
			h.Set("Content-Encoding", "gzip")
			l.zip, _ = zippers.Get().(*gzip.Writer)
			l.zip.Reset(l.w)
		}
		l.w.WriteHeader(l.status)
	}
	if l.zip != nil {
		return l.zip.Write(b)
	}
	return l.w.Write(b)
}

func (l *lateWriter) close() {
	if l.zip == nil {
		return
	}
	_ = l.zip.Close() // the page may have left
	l.zip.Reset(io.Discard)
	zippers.Put(l.zip)
}

// acceptsGzip reports whether a browser takes compressed replies.
func acceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if strings.TrimSpace(name) == "gzip" {
			q := strings.TrimPrefix(strings.TrimSpace(weight), "q=")
			return q == "" || strings.Trim(q, "0.") != "" // q=0 and q=0.000 refuse it
		}
	}
	return false
}

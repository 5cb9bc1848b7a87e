package otlptest

import (
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// maxHTTPBody bounds a decompressed request, as collectors do.
const maxHTTPBody = 64 << 20

const protobufType = "application/x-protobuf"

func newHTTPServer(r *Receiver) *http.Server {
	mux := http.NewServeMux()
	for _, signal := range orAll(nil) {
		mux.HandleFunc("POST /v1/"+string(signal), func(w http.ResponseWriter, request *http.Request) {
			r.serveHTTP(w, request, signal)
		})
	}
	// What goes to a wrong path has left the exporter all the same.
	mux.HandleFunc("/", func(w http.ResponseWriter, request *http.Request) {
		body, _ := readBody(request)
		r.arrived(httpRequest(request, "", body))
		http.NotFound(w, request)
	})
	return &http.Server{
		Handler: mux,
		// Handshakes that fail are what some tests are about; they are no news.
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: time.Minute,
	}
}

func (r *Receiver) serveHTTP(w http.ResponseWriter, request *http.Request, signal Signal) {
	body, err := readBody(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fault := r.arrived(httpRequest(request, signal, body))
	if !r.wait(request.Context(), fault) {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	switch fault.kind {
	case fail:
		if fault.retry > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int((fault.retry+time.Second-1)/time.Second)))
		}
		http.Error(w, fault.message, fault.status)
		return
	case garbage:
		w.Header().Set("Content-Type", protobufType)
		_, _ = w.Write([]byte("\xff\xff\xff not a message"))
		return
	case cut:
		w.Header().Set("Content-Type", protobufType)
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("half"))
		_ = http.NewResponseController(w).Flush()
		r.conns[1].close(request.RemoteAddr)
		panic(http.ErrAbortHandler)
	}
	r.acceptHTTP(w, request, signal, body, fault)
}

func httpRequest(request *http.Request, signal Signal, body []byte) Request {
	return Request{
		Signal: signal, Protocol: HTTP, Header: request.Header.Clone(),
		Encoding: request.Header.Get("Content-Encoding"), Body: body, At: time.Now(),
	}
}

func (r *Receiver) acceptHTTP(w http.ResponseWriter, request *http.Request, signal Signal, body []byte, fault Fault) {
	mediaType, _, err := mime.ParseMediaType(request.Header.Get("Content-Type"))
	if err != nil || mediaType != protobufType {
		http.Error(w, "only "+protobufType+" is understood", http.StatusUnsupportedMediaType)
		return
	}
	data, err := decode(signal, body)
	if err != nil {
		http.Error(w, fmt.Sprintf("decoding the request: %v", err), http.StatusBadRequest)
		return
	}
	r.accepted(data)
	w.Header().Set("Content-Type", protobufType)
	_, _ = w.Write(response(signal, fault))
}

// readBody returns a request's body, decompressed.
func readBody(request *http.Request) ([]byte, error) {
	reader := io.Reader(request.Body)
	switch encoding := request.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		decompressed, err := gzip.NewReader(reader)
		if err != nil {
			return nil, fmt.Errorf("decompressing the request: %w", err)
		}
		reader = decompressed
	default:
		return nil, fmt.Errorf("unknown content encoding %q", encoding)
	}
	body, err := io.ReadAll(io.LimitReader(reader, maxHTTPBody))
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	return body, nil
}

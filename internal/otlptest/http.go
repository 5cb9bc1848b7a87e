package otlptest

import (
	"bytes"
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
	// A request to a wrong path has left the exporter all the same, so Contains must see it.
	mux.HandleFunc("/", func(w http.ResponseWriter, request *http.Request) {
		body, wire, _ := readBody(request)
		r.arrived(httpRequest(request, "", body, wire))
		http.NotFound(w, request)
	})
	return &http.Server{
		Handler: mux,
		// Some tests make handshakes fail on purpose.
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: time.Minute,
	}
}

func (r *Receiver) serveHTTP(w http.ResponseWriter, request *http.Request, signal Signal) {
	body, wire, err := readBody(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fault := r.arrived(httpRequest(request, signal, body, wire))
	if !r.wait(request.Context(), fault) {
		panic(http.ErrAbortHandler) // closes the connection without a response
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

func httpRequest(request *http.Request, signal Signal, body []byte, wire int) Request {
	return Request{
		Signal: signal, Protocol: HTTP, Header: request.Header.Clone(),
		Encoding: request.Header.Get("Content-Encoding"), Wire: wire, Body: body, At: time.Now(),
	}
}

func (r *Receiver) acceptHTTP(w http.ResponseWriter, request *http.Request, signal Signal, body []byte, fault Fault) {
	mediaType, _, err := mime.ParseMediaType(request.Header.Get("Content-Type"))
	if err != nil || mediaType != protobufType {
		http.Error(w, "only "+protobufType+" is understood", http.StatusUnsupportedMediaType)
		return
	}
	data, err := decode(signal, body, r.countOnly)
	if err != nil {
		http.Error(w, fmt.Sprintf("decoding the request: %v", err), http.StatusBadRequest)
		return
	}
	r.accepted(data)
	if fault.kind == lost {
		r.conns[1].close(request.RemoteAddr)
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", protobufType)
	_, _ = w.Write(response(signal, fault))
}

// readBody returns a request's body, decompressed, and its size as it came.
func readBody(request *http.Request) (body []byte, wire int, err error) {
	compressed, err := io.ReadAll(io.LimitReader(request.Body, maxHTTPBody))
	if err != nil {
		return nil, 0, fmt.Errorf("reading the request: %w", err)
	}
	switch encoding := request.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
		return compressed, len(compressed), nil
	case "gzip":
		reader, err := gzip.NewReader(bytes.NewReader(compressed))
		if err != nil {
			return nil, 0, fmt.Errorf("decompressing the request: %w", err)
		}
		body, err := io.ReadAll(io.LimitReader(reader, maxHTTPBody))
		if err != nil {
			return nil, 0, fmt.Errorf("decompressing the request: %w", err)
		}
		return body, len(compressed), nil
	default:
		return nil, 0, fmt.Errorf("unknown content encoding %q", encoding)
	}
}

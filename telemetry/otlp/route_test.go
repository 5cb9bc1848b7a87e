package otlp_test

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

func TestRoutes(t *testing.T) {
	everywhere := func(endpoint string) []string { return []string{endpoint, endpoint, endpoint} }
	for _, test := range []struct {
		name string
		env  map[string]string
		want []string // endpoint or problem of traces, metrics and logs
	}{
		{"no variables", nil, everywhere("http://localhost:4317")},
		{"http", map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, []string{
			"http://localhost:4318/v1/traces", "http://localhost:4318/v1/metrics", "http://localhost:4318/v1/logs",
		}},
		{"an endpoint for all", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": " https://c:1 "}, everywhere("https://c:1")},
		{"a socket", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "unix:///run/c"}, everywhere("unix:///run/c")},
		{"an endpoint for one", map[string]string{"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://c:1"}, []string{
			"http://localhost:4317", "http://localhost:4317", "http://c:1",
		}},
		{"one switched off", map[string]string{"OTEL_METRICS_EXPORTER": "none"}, []string{
			"http://localhost:4317", "problem: OTEL_METRICS_EXPORTER is none", "http://localhost:4317",
		}},
		{"another exporter", map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, []string{
			"problem: OTEL_TRACES_EXPORTER=\"zipkin\": want otlp or none", "http://localhost:4317", "http://localhost:4317",
		}},
		{"another protocol", map[string]string{"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/json"}, []string{
			"http://localhost:4317", "http://localhost:4317",
			`problem: OTEL_EXPORTER_OTLP_LOGS_PROTOCOL="http/json": want grpc or http/protobuf`,
		}},
		{"no URL", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "localhost:4317"},
			everywhere(`problem: OTEL_EXPORTER_OTLP_ENDPOINT="localhost:4317": not a URL such as http://localhost:4317`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, r := range otlp.Routes(func(name string) (string, bool) { v, ok := test.env[name]; return v, ok }) {
				if r.Problem != "" {
					r.Endpoint += "problem: " + r.Problem
				}
				got = append(got, r.Endpoint)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// TestRoutesWithoutSecrets: what may be a secret in an endpoint is not shown, and what is known of a destination is.
func TestRoutesWithoutSecrets(t *testing.T) {
	for _, test := range []struct {
		name string
		env  map[string]string
		want otlp.Route // of traces
	}{
		{"a user, a path and a query",
			map[string]string{"ENDPOINT": "https://u:p@c.example/token/?k=v", "PROTOCOL": "http/protobuf"},
			otlp.Route{Protocol: "http/protobuf", Endpoint: "https://c.example/…/v1/traces"}},
		{"a path of one signal",
			map[string]string{"TRACES_ENDPOINT": "https://c.example/token", "PROTOCOL": "http/protobuf"},
			otlp.Route{Protocol: "http/protobuf", Endpoint: "https://c.example/…"}},
		{"no path of one signal",
			map[string]string{"TRACES_ENDPOINT": "https://c.example", "PROTOCOL": "http/protobuf"},
			otlp.Route{Protocol: "http/protobuf", Endpoint: "https://c.example"}},
		{"a path over gRPC", map[string]string{"ENDPOINT": "https://c.example:1/token"},
			otlp.Route{Protocol: "grpc", Endpoint: "https://c.example:1/…"}},
		{"headers without encryption", map[string]string{"ENDPOINT": "http://c.example:1", "HEADERS": "k=v"},
			otlp.Route{Protocol: "grpc", Endpoint: "http://c.example:1", Warnings: []string{
				"headers, which may hold keys, are sent to http://c.example:1 without encryption: " +
					"use https:// in OTEL_EXPORTER_OTLP_ENDPOINT"}}},
		{"headers of another signal", map[string]string{"ENDPOINT": "http://c.example:1", "LOGS_HEADERS": "k=v"},
			otlp.Route{Protocol: "grpc", Endpoint: "http://c.example:1"}},
		{"headers on loopback", map[string]string{"ENDPOINT": "http://[::1]:1", "HEADERS": "k=v"},
			otlp.Route{Protocol: "grpc", Endpoint: "http://[::1]:1", Local: true}},
		{"headers on the loopback network", map[string]string{"ENDPOINT": "http://127.8.8.8:1", "HEADERS": "k=v"},
			otlp.Route{Protocol: "grpc", Endpoint: "http://127.8.8.8:1", Local: true}},
		{"headers with encryption", map[string]string{"ENDPOINT": "https://c.example", "HEADERS": "k=v"},
			otlp.Route{Protocol: "grpc", Endpoint: "https://c.example"}},
		{"the port of HTTP", map[string]string{"ENDPOINT": "http://localhost:4318"},
			otlp.Route{Protocol: "grpc", Endpoint: "http://localhost:4318", Local: true, Warnings: []string{
				"port 4318 is that of OTLP over HTTP: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"}}},
		{"the port of gRPC", map[string]string{"ENDPOINT": "http://localhost:4317", "PROTOCOL": "http/protobuf"},
			otlp.Route{Protocol: "http/protobuf", Endpoint: "http://localhost:4317/v1/traces", Local: true, Warnings: []string{
				"port 4317 is that of OTLP over gRPC: set OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or use port 4318"}}},
		{"INSECURE with https", map[string]string{"ENDPOINT": "https://c.example", "INSECURE": "true"},
			otlp.Route{Protocol: "grpc", Endpoint: "https://c.example"}},
		{"INSECURE=false without an endpoint", map[string]string{"INSECURE": "false"},
			otlp.Route{Protocol: "grpc", Endpoint: "https://localhost:4317", Default: true, Local: true}},
		{"INSECURE without an endpoint", map[string]string{"INSECURE": "true"},
			otlp.Route{Protocol: "grpc", Endpoint: "http://localhost:4317", Default: true, Local: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.want.Signal = "traces"
			got := otlp.Routes(func(name string) (string, bool) {
				v, ok := test.env[strings.TrimPrefix(name, "OTEL_EXPORTER_OTLP_")]
				return v, ok
			})[0]
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// TestProxies: the proxies that net/http and gRPC find are shown. gRPC uses that of https for every endpoint.
func TestProxies(t *testing.T) {
	const secret = "http://user:secret@p.example:1"
	for _, test := range []struct {
		name, protocol, endpoint string
		env                      map[string]string
		want                     string
	}{
		{"http", "http/protobuf", "http://c.example", map[string]string{"HTTP_PROXY": secret}, "http://p.example:1 (HTTP_PROXY)"},
		{"http, in lower case", "http/protobuf", "http://c.example", map[string]string{"http_proxy": "p.example:1"}, "http://p.example:1 (http_proxy)"},
		{"https alone", "http/protobuf", "http://c.example", map[string]string{"HTTPS_PROXY": secret}, ""},
		{"https", "http/protobuf", "https://c.example", map[string]string{"https_proxy": secret}, "http://p.example:1 (https_proxy)"},
		{"https, not http", "http/protobuf", "https://c.example", map[string]string{"HTTP_PROXY": secret}, ""},
		{"gRPC without TLS", "grpc", "http://c.example:4317", map[string]string{"HTTPS_PROXY": secret}, "http://p.example:1 (HTTPS_PROXY)"},
		{"gRPC, not http", "grpc", "http://c.example:4317", map[string]string{"HTTP_PROXY": secret}, ""},
		{"gRPC without a port", "grpc", "https://[2001:db8::1]", map[string]string{"HTTPS_PROXY": secret}, "http://p.example:1 (HTTPS_PROXY)"},
		{"an exception", "grpc", "http://c.example:4317", map[string]string{"HTTPS_PROXY": secret, "NO_PROXY": ".example"}, ""},
		{"all are exceptions", "http/protobuf", "http://c.example", map[string]string{"HTTP_PROXY": secret, "no_proxy": "*"}, ""},
		{"loopback", "http/protobuf", "http://localhost:4318", map[string]string{"HTTP_PROXY": secret}, ""},
		{"a socket", "grpc", "unix:///run/c", map[string]string{"HTTPS_PROXY": secret}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = test.endpoint
			test.env["OTEL_EXPORTER_OTLP_PROTOCOL"] = test.protocol
			for _, r := range otlp.Routes(func(name string) (string, bool) { v, ok := test.env[name]; return v, ok }) {
				if r.Proxy != test.want || r.Problem != "" {
					t.Errorf("got %+v, want the proxy %q", r, test.want)
				}
			}
		})
	}
}

// TestRedirects: a redirect would carry telemetry and headers to another host, or from https to http.
func TestRedirects(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprint(status, secure), func(t *testing.T) {
				elsewhere := otlptest.Start(t, otlptest.Config{})
				serve := map[bool]func(http.Handler) *httptest.Server{false: httptest.NewServer, true: httptest.NewTLSServer}[secure]
				first := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					http.Redirect(w, r, elsewhere.Endpoint(otlptest.HTTP)+r.URL.Path+"?token=secret", status)
				}))
				defer first.Close()
				if secure {
					t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", certificateOf(t, first))
				}
				t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", first.URL)
				t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
				t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret-key")
				s := open(t, nil)
				s.record(1)
				log := s.end()
				if got := elsewhere.Requests(); len(got) > 0 {
					t.Errorf("%d requests reached the other host", len(got))
				}
				want := fmt.Sprintf("answers with a redirect, which is not followed: %d %s to %s",
					status, http.StatusText(status), elsewhere.Endpoint(otlptest.HTTP))
				if !strings.Contains(log, want) || strings.Contains(log, "secret") {
					t.Errorf("want %q in\n%s", want, log)
				}
			})
		}
	}
}

// certificateOf returns a file with the certificate of a server.
func certificateOf(t *testing.T, s *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSchemeDecides: an https:// endpoint is sent to by TLS whatever OTEL_EXPORTER_OTLP_INSECURE says, of all signals or
// of one, and an http:// one without
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options).
func TestSchemeDecides(t *testing.T) {
	for _, p := range protocols {
		for _, signal := range []string{"", "TRACES_"} {
			for _, secure := range []bool{false, true} {
				t.Run(fmt.Sprint(p, signal, secure), func(t *testing.T) {
					r := otlptest.Start(t, otlptest.Config{TLS: secure})
					setenv(t, r, p)
					url := r.Endpoint(p)
					if p == otlptest.HTTP && signal != "" {
						url += "/v1/traces"
					}
					t.Setenv("OTEL_EXPORTER_OTLP_"+signal+"ENDPOINT", url)
					t.Setenv("OTEL_EXPORTER_OTLP_"+signal+"INSECURE", fmt.Sprint(secure))
					t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", r.CAFile())
					s := open(t, nil)
					s.record(1)
					if log := s.end(); len(r.Spans()) != 1 || len(r.Records()) != 1 {
						t.Errorf("log:\n%s\nreceived:\n%s", log, r.Summary())
					}
				})
			}
		}
	}
}

// TestNothingInTheClear: what an https:// endpoint reads first is TLS, also where the variables ask for none.
func TestNothingInTheClear(t *testing.T) {
	for _, p := range protocols {
		for _, variable := range []string{"OTEL_EXPORTER_OTLP_INSECURE", "OTEL_EXPORTER_OTLP_TRACES_INSECURE"} {
			t.Run(fmt.Sprint(p, variable), func(t *testing.T) {
				first, address := firstByte(t)
				t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://"+address)
				t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", string(p))
				t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "300")
				t.Setenv("OTEL_METRICS_EXPORTER", "none")
				t.Setenv("OTEL_LOGS_EXPORTER", "none")
				t.Setenv(variable, "true")
				s := open(t, nil)
				s.record(1)
				log := s.end()
				const handshake = 22 // the record type of a ClientHello (RFC 8446, section 5.1)
				if got := <-first; got != handshake {
					t.Errorf("the first byte is %d; log:\n%s", got, log)
				}
			})
		}
	}
}

// firstByte returns the address of a listener that closes every connection after its first byte, and the first of them.
func firstByte(t *testing.T) (first <-chan byte, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan byte, 1)
	go func() { // ends with the listener
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 1)
			if n, _ := conn.Read(b); n > 0 {
				select {
				case read <- b[0]:
				default:
				}
			}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return read, l.Addr().String()
}

// TestUnusableFiles: a file of TLS that cannot be used means that nothing is sent, not even the attempt to connect.
func TestUnusableFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	garbage, missing := write("garbage", "secret garbage"), filepath.Join(dir, "secret-missing")
	for _, signal := range []string{"", "TRACES_"} {
		for _, test := range []struct {
			name string
			env  func(cert, key string) map[string]string
			want string
		}{
			{"no authority", func(string, string) map[string]string { return map[string]string{"CERTIFICATE": missing} },
				"CERTIFICATE: the file cannot be used: no such file or directory"},
			{"a directory", func(string, string) map[string]string { return map[string]string{"CERTIFICATE": dir} },
				"CERTIFICATE: the file cannot be used: it is not a regular file"},
			{"no certificate in it", func(string, string) map[string]string { return map[string]string{"CERTIFICATE": garbage} },
				"CERTIFICATE: the file cannot be used: no certificate in PEM form"},
			{"no client certificate", func(_, key string) map[string]string {
				return map[string]string{"CLIENT_CERTIFICATE": missing, "CLIENT_KEY": key}
			}, "CLIENT_CERTIFICATE: the file cannot be used: no such file"},
			{"no client key", func(cert, _ string) map[string]string {
				return map[string]string{"CLIENT_CERTIFICATE": cert, "CLIENT_KEY": missing}
			}, "CLIENT_KEY: the file cannot be used: no such file"},
			{"a key that is none", func(cert, _ string) map[string]string {
				return map[string]string{"CLIENT_CERTIFICATE": cert, "CLIENT_KEY": garbage}
			}, "CLIENT_KEY: the file cannot be used: tls: "},
			{"a certificate without its key", func(cert, _ string) map[string]string {
				return map[string]string{"CLIENT_CERTIFICATE": cert}
			}, "CLIENT_KEY: want both, or neither"},
			{"a key without its certificate", func(_, key string) map[string]string {
				return map[string]string{"CLIENT_KEY": key}
			}, "CLIENT_CERTIFICATE: want both, or neither"},
		} {
			for _, p := range protocols {
				t.Run(fmt.Sprint(test.name, p, signal), func(t *testing.T) {
					r := otlptest.Start(t, otlptest.Config{TLS: true})
					setenv(t, r, p)
					t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", r.CAFile()) // for the signals that are not affected
					for name, value := range test.env(r.ClientCertFiles()) {
						t.Setenv("OTEL_EXPORTER_OTLP_"+signal+name, value)
					}
					s := open(t, nil)
					log := s.log.String() // said at once, and not only when something is sent
					s.record(1)
					s.end()
					if n := len(r.Requests(otlptest.Traces)); n > 0 || signal == "" && len(r.Requests()) > 0 {
						t.Errorf("%d requests arrived:\n%s", n, r.Summary())
					}
					refused := "traces, metrics and logs" // one line for what has one cause
					if signal != "" {
						refused = "traces"
					}
					if signal != "" && len(r.Records()) != 1 {
						t.Error("the other signals are not sent either")
					}
					if !strings.Contains(log, `level=WARN msg="`+refused+` are not sent"`) || !strings.Contains(log, test.want) ||
						strings.Contains(log, "secret") {
						t.Errorf("want %q in\n%s", test.want, log)
					}
				})
			}
		}
	}
}

// TestClientCertificate: the files are used, also those of one signal, which stand before those of all.
func TestClientCertificate(t *testing.T) {
	for _, p := range protocols {
		t.Run(string(p), func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{TLS: true, ClientCert: true})
			setenv(t, r, p)
			cert, key := r.ClientCertFiles()
			t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nonexistent")
			for _, signal := range []string{"TRACES_", "METRICS_", "LOGS_"} {
				t.Setenv("OTEL_EXPORTER_OTLP_"+signal+"CERTIFICATE", r.CAFile())
			}
			t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", cert)
			t.Setenv("OTEL_EXPORTER_OTLP_CLIENT_KEY", key)
			s := open(t, nil)
			s.record(1)
			if log := s.end(); len(r.Spans()) != 1 || len(r.Records()) != 1 {
				t.Errorf("log:\n%s\nreceived:\n%s", log, r.Summary())
			}
		})
	}
}

// TestCertificateWithoutTLS: an http:// endpoint and a certificate are a contradiction, which only the user can resolve.
func TestCertificateWithoutTLS(t *testing.T) {
	authority := otlptest.Start(t, otlptest.Config{TLS: true}).CAFile()
	for _, p := range protocols {
		t.Run(string(p), func(t *testing.T) {
			r := otlptest.Start(t, otlptest.Config{})
			setenv(t, r, p)
			t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", authority)
			s := open(t, nil)
			s.record(1)
			log := s.end()
			if len(r.Requests()) > 0 || !strings.Contains(log, "want https:// in OTEL_EXPORTER_OTLP_ENDPOINT, or no certificate") {
				t.Errorf("%d requests; log:\n%s", len(r.Requests()), log)
			}
		})
	}
}

// TestTimeOfFailure: one fault has several texts, which depend on how far a request has come when it shows.
func TestTimeOfFailure(t *testing.T) {
	for _, test := range []struct {
		endpoint, cause, hint string
		texts                 []string
	}{
		{"http://c:1", "http://c:1 does not answer in HTTP/1.1", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", []string{
			`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x00\x00"`,
			"readLoopPeekFailLocked: %!w(<nil>)",
		}},
		{"https://c:1", "https://c:1 closes the connection", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", []string{
			"read tcp 127.0.0.1:2->127.0.0.1:1: read: connection reset by peer",
			"readLoopPeekFailLocked: read tcp 127.0.0.1:2->127.0.0.1:1: read: connection reset by peer",
			"http2: client conn could not be established",
			"http: server closed idle connection",
			"http: persistConn.readLoop exiting",
			"http2: client connection lost",
			"http2: client conn not usable",
			"http2: client conn is closed",
			"net/http: HTTP/1.x transport connection broken: http: CloseIdleConnections called",
			"net/http: can't write HTTP request on broken connection",
		}},
	} {
		for _, text := range test.texts {
			cause, hint := otlp.Explain(test.endpoint, errors.New(text))
			if cause != test.cause || !strings.Contains(hint, test.hint) {
				t.Errorf("%s: %s; %s", text, cause, hint)
			}
		}
	}
}

package otlp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

const headersFile = "OTEL_EXPORTER_OTLP_HEADERS_FILE"

// replaceFile replaces a file at once, as programs that fetch keys do.
func replaceFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// withHeaders starts a receiver that the environment names, together with a file of headers with this text, or none yet.
func withHeaders(t *testing.T, p otlptest.Protocol, text string) (r *otlptest.Receiver, path string) {
	t.Helper()
	r, path = otlptest.Start(t, otlptest.Config{}), filepath.Join(t.TempDir(), "headers")
	setenv(t, r, p)
	t.Setenv(headersFile, path)
	if text != "" {
		replaceFile(t, path, text)
	}
	return r, path
}

// TestHeadersFile: every request has the headers that the file has at its time, over either protocol, from a session and from a
// sender. They take precedence over those of a variable.
func TestHeadersFile(t *testing.T) {
	for _, p := range protocols {
		t.Run(string(p), func(t *testing.T) {
			r, path := withHeaders(t, p, "\ufeff# of the gateway\r\n\r\nAuthorization = Bearer one%2C,=\r\n")
			t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=from-variable,x-tenant=a")
			s := open(t, nil)
			sender := senders(t)["traces"]
			want := func(key string) {
				t.Helper()
				s.record(1)
				if err := s.traces.ForceFlush(context.Background()); err != nil {
					t.Fatal(err)
				}
				if got, err := sender.Send(context.Background(), oneSpan()); err != nil || got.Verdict != otlp.Delivered {
					t.Fatalf("sending: %+v, %v", got, err)
				}
				requests := r.Requests(otlptest.Traces)
				for _, one := range requests[len(requests)-2:] {
					if one.Get("authorization") != key || one.Get("x-tenant") != "a" {
						t.Errorf("authorization is %q, want %q; x-tenant is %q", one.Get("authorization"), key, one.Get("x-tenant"))
					}
				}
			}
			want("Bearer one%2C,=")
			replaceFile(t, path, "authorization=Bearer two")
			want("Bearer two")
			if log := s.end(); log != "" {
				t.Errorf("log:\n%s", log)
			}
			for _, one := range append(r.Requests(otlptest.Metrics), r.Requests(otlptest.Logs)...) {
				if !strings.HasPrefix(one.Get("authorization"), "Bearer ") {
					t.Errorf("%s have the authorization %q", one.Signal, one.Get("authorization"))
				}
			}
		})
	}
}

// TestHeadersFileOfKubernetes: a Secret that is mounted is a link to a link, and is replaced by another directory.
func TestHeadersFileOfKubernetes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows lets only administrators make links")
	}
	r := otlptest.Start(t, otlptest.Config{})
	setenv(t, r, otlptest.HTTP)
	dir := t.TempDir()
	t.Setenv(headersFile, filepath.Join(dir, "headers"))
	mount := func(name, text string) {
		t.Helper()
		for _, err := range []error{
			os.Mkdir(filepath.Join(dir, name), 0o700), os.WriteFile(filepath.Join(dir, name, "headers"), []byte(text), 0o600),
			os.Symlink(name, filepath.Join(dir, "..tmp")), os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	mount("..1", "k=one")
	if err := os.Symlink("..data/headers", filepath.Join(dir, "headers")); err != nil {
		t.Fatal(err)
	}
	sender := senders(t)["traces"]
	for i, want := range []string{"one", "two"} {
		if i > 0 {
			mount("..2", "k=two")
		}
		if got, err := sender.Send(context.Background(), oneSpan()); err != nil || got.Verdict != otlp.Delivered {
			t.Fatalf("sending: %+v, %v", got, err)
		}
		if got := r.Requests(otlptest.Traces)[i].Get("k"); got != want {
			t.Errorf("the header is %q, want %q", got, want)
		}
	}
}

// TestHeadersFileMissing: without its headers nothing is sent, with one warning and counted losses, until the file can be read.
func TestHeadersFileMissing(t *testing.T) {
	for _, p := range protocols {
		t.Run(string(p), func(t *testing.T) {
			r, path := withHeaders(t, p, "")
			s := open(t, nil)
			s.record(1)
			_ = s.traces.ForceFlush(context.Background())
			_ = s.logs.ForceFlush(context.Background())
			if n := len(r.Requests()); n > 0 {
				t.Errorf("%d requests were sent without their headers", n)
			}
			if got, _ := senders(t)["traces"].Send(context.Background(), oneSpan()); got.Verdict != otlp.Failed || !strings.Contains(got.Cause, headersFile) {
				t.Errorf("a sender answers %+v", got)
			}
			replaceFile(t, path, "k=v")
			s.record(1)
			log := s.end()
			if n := len(r.Spans()); n != 1 || r.Requests(otlptest.Traces)[0].Get("k") != "v" {
				t.Errorf("%d spans have arrived, want that of after the file was there", n)
			}
			if strings.Count(log, "cannot be delivered") != 1 || !strings.Contains(log, "the file of SPANPIPE_"+headersFile+" cannot be used: ") ||
				!strings.Contains(log, "lost spans=1 log_records=1") || strings.Contains(log, path) {
				t.Errorf("log:\n%s", log)
			}
		})
	}
}

// TestHeadersFileUnusable: nothing of the file's contents stands in a message, and nothing is sent.
func TestHeadersFileUnusable(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"empty", "\n# nothing\n", "there is no header in it"},
		{"a key alone", "a=b\nhunter2x-key\n", "line 2: want name=value"},
		{"a name with a space", "hunter2x key=a", "line 1: the text before = is not the name of a header"},
		{"no name", "=hunter2x", "line 1: the text before = is not the name"},
		{"a control character", "a=hunter2x\x1bkey", "line 1: the value has a character"},
		{"not ASCII", "a=hunter2xé", "line 1: the value has a character"},
		{"twice", "a=hunter2x\nA=hunter2x", "line 2: this header is set twice"},
		{"of the protocol", "Content-Type=hunter2x", "line 1: the protocol sets this header itself"},
		{"of gRPC", "grpc-timeout=hunter2x", "line 1: the protocol sets this header itself"},
		{"binary", "key-bin=hunter2x", "line 1: the protocol sets this header itself"},
		{"large", "a=" + strings.Repeat("hunter2x", 64<<10), "it is larger than 64 KiB"},
		{"a directory", "", "it is not a regular file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, path := withHeaders(t, otlptest.HTTP, test.text)
			if test.text == "" {
				if err := os.Mkdir(path, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			got, err := senders(t)["traces"].Send(context.Background(), oneSpan())
			if err != nil || got.Verdict != otlp.Failed || !strings.Contains(got.Cause, test.want) || strings.Contains(got.Cause, "hunter2x") {
				t.Errorf("%+v, %v", got, err)
			}
			if n := len(r.Requests()); n > 0 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestHeadersFileRoute: what describes a route says that a file of headers cannot be used. An apostrophe is for headers of HTTP alone.
func TestHeadersFileRoute(t *testing.T) {
	path := filepath.Join(t.TempDir(), "headers")
	for _, test := range []struct {
		protocol otlptest.Protocol
		text     string
		warned   bool
	}{
		{otlptest.GRPC, "", true}, {otlptest.GRPC, "k=v", false}, {otlptest.GRPC, "k'=v", true}, {otlptest.HTTP, "k'=v", false},
		{otlptest.HTTP, "hunter2x", true},
	} {
		if test.text != "" {
			replaceFile(t, path, test.text)
		}
		for _, r := range otlp.Routes(lookupOf(map[string]string{headersFile: path, "OTEL_EXPORTER_OTLP_PROTOCOL": string(test.protocol)})) {
			warnings := strings.Join(r.Warnings, "\n")
			if strings.Contains(warnings, "the file of SPANPIPE_"+headersFile+" cannot be used: ") != test.warned || r.Problem != "" ||
				strings.Contains(warnings, "hunter2x") || strings.Contains(warnings, path) {
				t.Errorf("%s, %q: %+v", test.protocol, test.text, r)
			}
		}
	}
}

// TestHeadersFileQuoted: a collector quotes the key of the file, and the log does not.
func TestHeadersFileQuoted(t *testing.T) {
	for _, p := range protocols {
		t.Run(string(p), func(t *testing.T) {
			r, _ := withHeaders(t, p, "authorization=Bearer secret-token")
			r.SetFault(otlptest.FailSaying(codes.Unauthenticated, http.StatusUnauthorized, "unknown key Bearer secret-token"))
			s := open(t, nil)
			s.record(1)
			log := s.end()
			if strings.Contains(log, "secret-token") || !strings.Contains(log, "Bearer [redacted:header]") ||
				!strings.Contains(log, "check the file of SPANPIPE_"+headersFile) {
				t.Errorf("log:\n%s", log)
			}
		})
	}
}

// TestHeadersFileQuotedLate: what a collector says is cut to what fits on a line, and the part of a key that is left is none.
func TestHeadersFileQuotedLate(t *testing.T) {
	said := strings.Repeat("x", 290) + " secret-token"
	for _, p := range protocols {
		for name, fault := range map[string]otlptest.Fault{
			"refuses": otlptest.FailSaying(codes.Unauthenticated, http.StatusUnauthorized, said), "rejects a part": otlptest.Partial(1, said),
		} {
			t.Run(string(p)+" "+name, func(t *testing.T) {
				r, _ := withHeaders(t, p, "authorization=Bearer secret-token")
				r.SetFault(fault)
				s := open(t, nil)
				s.record(1)
				if log := s.end(); strings.Contains(log, "secret") || !strings.Contains(log, "xxx") {
					t.Errorf("log:\n%s", log)
				}
				got, err := senders(t)["traces"].Send(context.Background(), oneSpan())
				if err != nil || strings.Contains(got.Cause+got.Warning, "secret") || !strings.Contains(got.Cause, "xxx") {
					t.Errorf("%+v, %v", got, err)
				}
			})
		}
	}
}

// TestHeadersFileRotated: a new key that begins with the one before it is hidden whole.
func TestHeadersFileRotated(t *testing.T) {
	r, path := withHeaders(t, otlptest.HTTP, "")
	r.SetFault(otlptest.FailSaying(codes.Unauthenticated, http.StatusUnauthorized, "unknown key secret-token-second"))
	sender := senders(t)["traces"]
	for _, test := range []struct{ key, want string }{
		{"secret-token", "unknown key [redacted:header]-second"}, {"secret-token-second", "unknown key [redacted:header]"},
	} {
		replaceFile(t, path, "authorization=Bearer "+test.key)
		got, err := sender.Send(context.Background(), oneSpan())
		if err != nil || !strings.HasSuffix(got.Cause, test.want) {
			t.Errorf("with the key %s: %+v, %v", test.key, got, err)
		}
	}
}

// TestHeadersFileNamesOfGRPC: a name that HTTP allows and gRPC does not is a mistake of the file, and not a failure of the collector.
func TestHeadersFileNamesOfGRPC(t *testing.T) {
	for _, p := range protocols {
		t.Run(string(p), func(t *testing.T) {
			r, _ := withHeaders(t, p, "x_key-1.a=b\nx!key=hunter2x")
			got, err := senders(t)["traces"].Send(context.Background(), oneSpan())
			if p == otlptest.HTTP {
				if err != nil || got.Verdict != otlp.Delivered {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			if err != nil || got.Verdict != otlp.Failed || !strings.Contains(got.Cause, "the file of SPANPIPE_"+headersFile+
				" cannot be used: a name in it has characters that gRPC does not allow in names of headers") || len(r.Requests()) > 0 {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// TestHeadersFileOfAll: a file that every user can read is a warning, once; one that a policy names is not.
func TestHeadersFileOfAll(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	_, path := withHeaders(t, otlptest.HTTP, "k=v")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	for supplier, want := range map[otlp.Supplier]int{{}: 1, {File: "/etc/policy"}: 0} {
		s := open(t, func(cfg *otlp.Config) { cfg.Supplier = supplier })
		s.record(1)
		if log := s.end(); strings.Count(log, "can be read by every user") != want || strings.Contains(log, path) {
			t.Errorf("with the supplier %v, log:\n%s", supplier, log)
		}
	}
}

// TestSupplied: what a policy has set is called by the policy's names in messages.
func TestSupplied(t *testing.T) {
	page := httptest.NewServer(http.NotFoundHandler())
	defer page.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", page.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
	s := open(t, func(cfg *otlp.Config) { cfg.Supplier.File = "/etc/policy" })
	s.record(1)
	const want = "to otlp.endpoint in /etc/policy spanpipe adds /v1/traces: is the rest of it the collector's base URL?"
	if log := s.end(); !strings.Contains(log, want) {
		t.Errorf("log:\n%s", log)
	}
}

// TestNamed: a message has the file beside the first of its keys, and does not take a user's proxy for the file's.
func TestNamed(t *testing.T) {
	for _, test := range []struct {
		proxy      bool
		text, want string
	}{
		{false, "OTEL_EXPORTER_OTLP_CLIENT_KEY: the file cannot be used", "otlp.client_key in /p: the file cannot be used"},
		{false, "name a file in SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS_FILE: a line", "name a file in otlp.headers_file in /p: a line"},
		{false, "OTEL_EXPORTER_OTLP_HEADERS and OTEL_EXPORTER_OTLP_ENDPOINT", "otlp.headers_file in /p and otlp.endpoint"},
		{false, "http://x (HTTPS_PROXY), or name the collector's host in NO_PROXY", "http://x (HTTPS_PROXY), or name the collector's host in NO_PROXY"},
		{true, "check HTTPS_PROXY, or name the collector's host in NO_PROXY", "check otlp.proxy in /p"},
		{true, "no collector at https://otlp.example", "no collector at https://otlp.example"},
	} {
		if got := (otlp.Supplier{File: "/p", Proxy: test.proxy}).Named(test.text); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
		if got := (otlp.Supplier{}).Named(test.text); got != test.text {
			t.Errorf("without a file: %q", got)
		}
	}
}

// TestHeadersFileHints: what a collector refuses is explained with the file that the headers come from, which may be below the home.
func TestHeadersFileHints(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	setenv(t, r, otlptest.GRPC)
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	replaceFile(t, filepath.Join(home, "headers"), "k=v")
	for file, want := range map[string]string{
		"~/headers": "may the key in SPANPIPE_" + headersFile + " send telemetry?", "": "may the key in OTEL_EXPORTER_OTLP_HEADERS send telemetry?",
	} {
		t.Setenv(headersFile, file)
		r.SetFault(otlptest.Fail(codes.PermissionDenied, http.StatusForbidden))
		if got, _ := senders(t)["traces"].Send(context.Background(), oneSpan()); got.Hint != want {
			t.Errorf("with the file %q: %+v", file, got)
		}
	}
	if requests := r.Requests(otlptest.Traces); len(requests) != 2 {
		t.Errorf("%d requests", len(requests))
	}
}

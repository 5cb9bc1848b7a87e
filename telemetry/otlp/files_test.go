package otlp_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// TestEndlessFile: a file of certificates that is larger than any is not read into memory.
func TestEndlessFile(t *testing.T) {
	otlp.AllowFiles(t, time.Minute) // a busy machine reads slowly
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<30); err != nil { // takes no space
		t.Fatal(err)
	}
	for _, r := range otlp.Routes(lookupOf(map[string]string{"OTEL_EXPORTER_OTLP_CERTIFICATE": path})) {
		if !strings.Contains(r.Problem, "OTEL_EXPORTER_OTLP_CERTIFICATE: the file cannot be used: it is larger than 4096 KiB") {
			t.Errorf("%s: %+v", r.Signal, r)
		}
	}
}

// TestHangingHeaders: a read that hangs does not hold the end of a session, and holds other requests for as long as they may take, without
// a read beside it. The file counts again once the read has returned.
func TestHangingHeaders(t *testing.T) {
	path, started, end := filepath.Join(t.TempDir(), "headers"), make(chan struct{}, 3), make(chan struct{})
	replaceFile(t, path, "k=v")
	load := otlp.HeaderFile(path, func(fs.FileMode) { started <- struct{}{}; <-end })
	session, endSession := context.WithCancel(t.Context())
	first := make(chan error)
	go func() { // ends with the session
		_, err := load(session)
		first <- err
	}()
	<-started
	endSession()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("at the end of a session: %v, want that it was canceled", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond) // enough for another read to begin
	defer cancel()
	headers, err := load(ctx)
	if headers != nil || err == nil || err.Error() != "the file of FILE cannot be used: it could not be read in time" {
		t.Errorf("%v, %v", headers, err)
	}
	close(end)
	if headers, err := load(t.Context()); err != nil || headers["k"] != "v" || len(started) != 1 {
		t.Errorf("%v, %v, and %d more reads, want one", headers, err, len(started))
	}
}

// TestPanickingHeaders: a read that panics does so where an export does, which ends telemetry and not the session.
func TestPanickingHeaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "headers")
	replaceFile(t, path, "k=v")
	load := otlp.HeaderFile(path, func(fs.FileMode) { panic("a defect") })
	defer func() {
		if got := recover(); got != "a defect" {
			t.Errorf("the panic is %v", got)
		}
	}()
	headers, err := load(t.Context())
	t.Errorf("it does not panic: %v, %v", headers, err)
}

func lookupOf(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := variables[name]; return v, ok }
}

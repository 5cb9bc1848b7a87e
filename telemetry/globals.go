package telemetry

import (
	"io"
	"log"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"google.golang.org/grpc/grpclog"
)

// This file is the one place that changes what is the whole process's: OpenTelemetry's handlers and variables, and how the
// runtime collects garbage and shares processors.

// own takes over OpenTelemetry's process-wide handlers, and that of package log, on which net/http tells what it thinks of a
// peer, in the peer's own bytes. Their defaults write to stderr, once for every failed batch. What it
// returns is to be called when the exporters are made: errors are those of deliveries then, and of variables before.
func own(logger *slog.Logger, failed func(error)) (made func()) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(misread(logger)))
	silence()
	otel.SetLogger(logr.FromSlogHandler(sdkHandler{logger.Handler()}))
	return func() { otel.SetErrorHandler(otel.ErrorHandlerFunc(failed)) }
}

// silence quiets gRPC's log and that of package log: what matters comes back as an error. gRPC wants it done once, and
// before it is used.
var silence = sync.OnceFunc(func() {
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	log.SetOutput(io.Discard)
})

// frugal makes the runtime prefer memory to time in a flood: a wrapper runs beside every server, nearly always idle. Above the
// limit, below which the heap of a session stays that is not flooded, collections become more frequent instead of the heap larger.
// Whoever sets the runtime's own variables is right.
func frugal(lookup func(string) (string, bool), capturing bool) {
	if given(lookup, "GOGC") || given(lookup, "GOMEMLIMIT") {
		return
	}
	limit := int64(20 << 20)
	if capturing {
		limit = 40 << 20
	}
	debug.SetMemoryLimit(limit)
}

// enoughProcessors is how many threads of the runtime may run at once at least: the two pumps, the consumer, and one that exports
// or collects garbage. A pump that comes back from a system call needs a processor of the runtime's, and where all are taken it
// waits until one of the others gives way, which can be milliseconds. If there are enough, the kernel decides which thread goes
// first, and that knows the nice values of the others.
const enoughProcessors = 4

// unhindered sees to it that the pumps need not wait for the rest. Whoever sets the runtime's own variable is right.
func unhindered(lookup func(string) (string, bool)) {
	if !given(lookup, "GOMAXPROCS") && runtime.GOMAXPROCS(0) < enoughProcessors {
		runtime.GOMAXPROCS(enoughProcessors)
	}
}

// prefix marks the OpenTelemetry variables that are for spanpipe alone.
const prefix = "SPANPIPE_"

// OwnEnvironment makes every SPANPIPE_OTEL_X of the process's environment its OTEL_X, because the SDK and its exporters
// read these themselves. The server's environment must have been taken before.
func OwnEnvironment(environ []string) {
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, prefix+"OTEL_") {
			os.Setenv(strings.TrimPrefix(name, prefix), value) //nolint:errcheck // only a malformed name can fail, and it came from there
		}
	}
}

package otlp

import (
	"cmp"
	"context"
	"io"
	"log"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"google.golang.org/grpc/grpclog"
)

// This file holds everything that changes the state of the whole process: the handlers of OpenTelemetry, gRPC and
// package log, and the variables that OpenTelemetry reads from the process's environment. No other file does.

// TakeOver sets the process-wide handlers of OpenTelemetry, gRPC and package log. It must be called before anything of
// OpenTelemetry's SDK is made, also where nothing is sent: the defaults write to stderr, once for every failed batch, and
// quote the values of variables. Errors of the SDK count as those of invalid variables until Exports.Started.
func TakeOver(logger *slog.Logger) {
	DiscardLibraryLogs()
	reportVariables(logger)
	otel.SetLogger(logr.FromSlogHandler(sdkHandler{logger.Handler()}))
}

// reportDeliveries makes errors of the SDK count as those of deliveries.
func reportDeliveries(report func(error)) { otel.SetErrorHandler(otel.ErrorHandlerFunc(report)) }

// DiscardLibraryLogs silences gRPC's log and that of package log, to which net/http writes what a peer has sent. What
// matters is returned as an error. TakeOver calls it; only a program that uses gRPC before that must call it itself, since
// gRPC's log cannot be replaced safely later. Calls after the first do nothing.
func DiscardLibraryLogs() { discardLibraryLogs() }

var discardLibraryLogs = sync.OnceFunc(func() {
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	log.SetOutput(io.Discard)
})

// ownPrefix marks the OpenTelemetry variables that are for spanpipe and not for the server.
const ownPrefix = "SPANPIPE_"

// OwnVariables returns the OpenTelemetry variables that an environment sets for spanpipe alone: OTEL_X=value for each
// SPANPIPE_OTEL_X=value.
func OwnVariables(environ []string) []string {
	var own []string
	for _, entry := range environ {
		if name, ok := CutVariable(entry, ownPrefix+"OTEL_"); ok {
			own = append(own, "OTEL_"+name)
		}
	}
	return own
}

// CutVariable returns an entry of an environment without a beginning, NAME= or a part of a name, and whether it begins
// so. Windows compares names without case, and so do its programs: a server finds what is set as Spanpipe_Telemetry.
func CutVariable(entry, beginning string) (rest string, ok bool) {
	return cutVariable(entry, beginning, runtime.GOOS == "windows")
}

func cutVariable(entry, beginning string, fold bool) (rest string, ok bool) {
	if fold && len(entry) >= len(beginning) && strings.EqualFold(entry[:len(beginning)], beginning) {
		return entry[len(beginning):], true
	}
	return strings.CutPrefix(entry, beginning)
}

// SetOwnVariables sets them in this process, because the SDK and its exporters read its environment. The server's
// environment must have been copied before.
func SetOwnVariables(environ []string) {
	for _, entry := range OwnVariables(environ) {
		name, value, _ := strings.Cut(entry, "=")
		os.Setenv(name, value) //nolint:errcheck // fails only for a malformed name, and it came from the environment
	}
}

// destination lists the variables that say where telemetry is sent and with which credentials, without the prefix of OTLP's
// and without that of a signal.
var destination = [...]string{
	"ENDPOINT", "PROTOCOL", "INSECURE", "CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY", "HEADERS", "HEADERS_FILE",
}

// DestinationVariables returns the names of the variables of OTLP that say where telemetry is sent and with which credentials.
func DestinationVariables() (names []string) {
	for _, signal := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
		for _, name := range destination {
			names = append(names, variablePrefix+signal+name)
		}
	}
	return names
}

// ProxyVariables returns the names of the variables by which Go's HTTP client and gRPC find a proxy.
func ProxyVariables() []string {
	return []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"}
}

// Supply gives this process other values of variables, because the exporters and gRPC read its environment: names are removed,
// and then entries are set. The server's environment must have been copied before.
func Supply(names, entries []string) {
	for _, name := range names {
		os.Unsetenv(name) //nolint:errcheck // fails only for a malformed name, and these are constants
	}
	for _, entry := range entries {
		name, value, _ := strings.Cut(entry, "=")
		os.Setenv(name, value) //nolint:errcheck // likewise
	}
}

// Named returns a message with the keys of the file that has set the variables of the destination, see Config.Supplier, instead of
// the names of those.
func Named(supplier, text string) string {
	if supplier == "" {
		return text
	}
	named := keyNames().Replace(text)
	if named != text {
		named += " (in " + supplier + ")"
	}
	return named
}

// keyNames names variables as the policy file does. A longer name comes before one that it begins with.
var keyNames = sync.OnceValue(func() *strings.Replacer {
	pairs := []string{ownPrefix + variablePrefix + "HEADERS_FILE", "otlp.headers_file", ownPrefix + variablePrefix + "HEADERS", "otlp.headers_file"}
	for _, pair := range [][2]string{
		{"ENDPOINT", "endpoint"}, {"PROTOCOL", "protocol"}, {"CERTIFICATE", "certificate"},
		{"CLIENT_CERTIFICATE", "client_certificate"}, {"CLIENT_KEY", "client_key"}, {"HEADERS", "headers_file"},
	} {
		pairs = append(pairs, variablePrefix+pair[0], "otlp."+pair[1])
	}
	return strings.NewReplacer(append(pairs, "HTTPS_PROXY", "otlp.proxy", "HTTP_PROXY", "otlp.proxy")...)
})

// sdkHandler receives the log of OpenTelemetry's SDK. Its messages are fixed texts; the values beside them may quote a
// variable, such as a header without "=", and are left out.
type sdkHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h sdkHandler) Handle(ctx context.Context, r slog.Record) error {
	if aboutVariable().MatchString(r.Message) {
		return nil
	}
	return h.Handler.Handle(ctx, slog.NewRecord(r.Time, min(r.Level, slog.LevelWarn), "OpenTelemetry: "+r.Message, r.PC))
}

// aboutVariable matches the beginnings of messages about variables, which checkVariables has reported.
var aboutVariable = lazy("^(parse|escape header) ")

// WithAttrs implements slog.Handler.
func (h sdkHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup implements slog.Handler.
func (h sdkHandler) WithGroup(string) slog.Handler { return h }

var sdkVariable = lazy(`\bOTEL_[A-Z]+(?:_[A-Z]+)*\b`)

// reportVariables makes errors of the SDK count as those of invalid variables. It reports each once, not once for each
// signal, and none of those that have been reported. An error that names no variable is about one of those.
func reportVariables(logger *slog.Logger, reported ...string) {
	var mu sync.Mutex
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		name := sdkVariable().FindString(err.Error())
		mu.Lock()
		defer mu.Unlock()
		if slices.Contains(reported, name) || name == "" && len(reported) > 0 {
			return
		}
		reported = append(reported, name)
		reportInvalid(logger, cmp.Or(name, "its name is not known")) // its value may be a secret
	}))
}

package telemetry

import (
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// refusal remembers that a backend does not take a signal at all: Jaeger takes traces alone. That is nothing that went
// wrong, and nothing is lost that anybody waits for, so it is said once, for those who want to know, and the signal is not sent
// again.
type refusal struct {
	signal signal
	logger *slog.Logger
	is     atomic.Bool
}

// unless sends, unless the signal has been refused.
func (r *refusal) unless(send func() error) error {
	if r.is.Load() {
		return nil
	}
	err := send()
	if !unimplemented(err) {
		return err
	}
	if !r.is.Swap(true) {
		r.logger.Info(r.signal.String()+" are not sent: the backend does not take them", "error", err.Error(),
			"hint", "OTEL_"+string(r.signal)+"_EXPORTER=none says so from the start")
	}
	return nil
}

// partialSuccess is what the exporters make of OTLP's partial success. Its type is internal to each of them.
var partialSuccess = regexp.MustCompile(`(?s)^(?:[a-z ]+: )?OTLP partial success: .*\((\d+) [a-z ]+ rejected\)$`)

// rejected returns how many items a backend has refused of a request that it otherwise took, and whether an error says that. None
// is a remark of the backend's, and no failure.
func rejected(err error) (items int, is bool) {
	if err == nil {
		return 0, false
	}
	m := partialSuccess.FindStringSubmatch(err.Error())
	if m == nil {
		return 0, false
	}
	items, tooMany := strconv.Atoi(m[1])
	return items, tooMany == nil
}

// unimplemented says whether an error means that there is nobody for the signal: gRPC's code for an unknown service, or an
// HTTP status of which the exporters leave only the text.
func unimplemented(err error) bool {
	if err == nil {
		return false
	}
	return status.Code(err) == codes.Unimplemented || strings.Contains(err.Error(), "404 Not Found") ||
		strings.Contains(err.Error(), "code = Unimplemented")
}

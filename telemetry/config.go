package telemetry

import (
	"io"
	"log/slog"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/telemetry/anomaly"
	"github.com/spanpipe/spanpipe/telemetry/otel"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/rules"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// Config configures the telemetry of one session.
type Config struct {
	Policy  consent.Policy              // what may be collected and where it may go
	Command []string                    // the server's command, from which service.name is derived; not used otherwise
	Version string                      // of spanpipe, for the instrumentation scope
	Lookup  func(string) (string, bool) // looks up an environment variable; nil means an empty environment

	// Supplier has set variables of the destination in Lookup, see otlp.Config. It may be zero.
	Supplier otlp.Supplier

	TraceScope otel.TraceScope // which operations share a trace; default otel.TraceSession
	HangAfter  time.Duration   // how long an operation may stay open before it is reported as hanging; default 30 s
	LogLevel   slog.Level      // minimum level of exported log records
	Logger     *slog.Logger    // receives records of the session and problems with telemetry; nil discards

	// AdminAddr is where /metrics, /healthz and /readyz are served: host:port or unix:PATH. If it is empty they are
	// served only if the policy has the sink prometheus, at that exporter's default address.
	AdminAddr string

	// Dir is the directory for files of spanpipe's own. It is made if it is needed and does not exist. It may be empty.
	Dir string

	// Preview receives as OTLP JSON what would be sent to the collector; nothing is sent. Writes to it do not
	// overlap.
	Preview io.Writer

	// Clean returns what may be shown of a name that a peer has chosen, see session.Decoder. Nil shows every name.
	Clean func(name []byte) string

	// LostLines returns how many lines of the program's own could not be written to stderr so far, for
	// spanpipe.telemetry.dropped. It is safe for concurrent use. May be nil.
	LostLines func() int64

	// Taken returns how many bytes of the client's input there have been and how many the server has read at most. It is called
	// by the consumer once Run has been, must not block, and may be nil: then it is not known.
	Taken func() (sent, taken int64)

	// Client identifies what has started the session. Nil: it is not known. It is called before OpenStore.
	Client func() Client
	// User returns a pseudonym of the account, or "". Nil: it is not known. It is called before OpenStore.
	User func() string
	// MetricsClient adds the client's name to the metrics of operations.
	MetricsClient bool

	// OpenStore opens the store of a session, if the policy has the sink local. May be nil. It is called before the server
	// starts; its error means that nothing is stored, and is reported.
	OpenStore func(StoreSession) (Store, error)

	// Rules are the metrics that the user has described. May be nil.
	Rules *rules.Set

	// Anomalies chooses what is looked for in the records.
	Anomalies Anomalies

	// Past returns what is remembered of the server's earlier sessions, by its service.name; nil if that is nothing. It is
	// called once, from a goroutine of its own: it may take its time. May be nil.
	Past func(service string) *past.Past

	// OpenDefinitions opens what is known of the definitions of a service's server. Nil, or its error, which it reports itself,
	// means that they are compared within the session alone. It is called before the server starts.
	OpenDefinitions func(service string) (Definitions, error)

	// Sinks receive every record beside the sinks of the policy. The telemetry calls them from one goroutine.
	Sinks []session.Sink
}

func (cfg Config) withDefaults() Config {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Lookup == nil {
		cfg.Lookup = func(string) (string, bool) { return "", false }
	}
	if cfg.LostLines == nil {
		cfg.LostLines = func() int64 { return 0 }
	}
	if cfg.HangAfter <= 0 {
		cfg.HangAfter = 30 * time.Second
	}
	return cfg
}

// Anomalies chooses what is looked for. The zero value is a comparison with the session itself, and with earlier ones if
// these are known.
type Anomalies struct {
	Off     bool           // nothing
	Session bool           // only what stands out from the session itself
	Limits  anomaly.Limits // the thresholds of comparisons with earlier sessions; zero: the defaults
}

package policy

import (
	"time"

	"github.com/spanpipe/spanpipe/consent"
)

// Policy is the contents of a file.
type Policy struct {
	Defaults Settings // where users set nothing
	Locks    Settings // whatever users set

	ForbidSinks   []consent.Sink
	ForbidCapture []consent.Level
}

// Settings is what a policy supplies, or of retention the most that it allows. What is empty is not set.
type Settings struct {
	OTLP        *Destination
	HashKeyFile string
	Keep        *Keep
	KeepContent time.Duration
}

// Destination is where telemetry is sent by OTLP, and how. It is used as a whole or not at all: no key of the policy goes to an
// endpoint of a user, and no key of a user to the policy's.
type Destination struct {
	Endpoint          string // the base URL of all signals
	Protocol          string // grpc or http/protobuf
	Certificate       string // a file of authorities in PEM form; empty means the system's
	ClientCertificate string // a file; empty without one
	ClientKey         string // a file; empty without one
	HeadersFile       string // see SPANPIPE_OTEL_EXPORTER_OTLP_HEADERS_FILE; empty means without headers
	Proxy             string // a URL; empty means a direct connection
}

// Keep is how long and how much of details is kept. A zero means without a limit.
type Keep struct {
	Age  time.Duration
	Size int64
}

package otlp

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/namedfile"
)

const (
	// maxPEM bounds a file of certificates or of a key, in bytes: all authorities of a system take a quarter of a megabyte.
	maxPEM = 4 << 20
	// pemPatience is how long one of them may take. It is read once, before the session's telemetry begins.
	pemPatience = 500 * time.Millisecond
)

// readPEM reads a file of certificates or of a key.
func readPEM(path string) ([]byte, error) {
	return namedfile.Within(pemPatience, namedfile.Slow(pemPatience), func() ([]byte, error) {
		text, _, err := namedfile.Read(path, maxPEM)
		return text, err
	})
}

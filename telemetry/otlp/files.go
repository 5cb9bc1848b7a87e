package otlp

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/namedfile"
)

// maxPEM bounds a file of certificates or of a key, in bytes: all authorities of a system take a quarter of a megabyte.
const maxPEM = 4 << 20

// filePatience is how long a file may take that is read before the session's telemetry begins. Tests change it.
var filePatience = 500 * time.Millisecond

// readPEM reads a file of certificates or of a key.
func readPEM(path string) ([]byte, error) {
	return namedfile.Within(filePatience, namedfile.Slow(filePatience), func() ([]byte, error) {
		text, _, err := namedfile.Read(path, maxPEM)
		return text, err
	})
}

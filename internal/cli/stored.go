package cli

import "github.com/spanpipe/spanpipe/internal/store"

// storedSession is a session that this process writes to the store.
type storedSession struct {
	id string
	*store.Writer
}

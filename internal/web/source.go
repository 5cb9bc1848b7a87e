package web

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/web/api"
)

// source is what replies are made of. What one kind of data keeps besides is in a source of its own, such as runSource.
type source struct {
	config Config
	keeper *keeper
}

// now returns the time, in the zone of times in sentences.
func (s *source) now() time.Time { return time.Now().In(s.config.Zone) }

// stamp returns what every reply begins with.
func (s *source) stamp() api.Reply { return api.NewReply(s.now()) }

package web

import (
	"context"
	"net/http"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
)

// What tests look at by itself.
var (
	OutcomeOf     = outcomeOf
	OutcomeOfCall = outcomeOfCall
	UsedNow       = usedNow
)

// MostContent is how many bytes of a piece of content are shown.
const MostContent = mostContent

// Routes returns what answers requests that the guard has let through.
func (s *Server) Routes() http.Handler { return s.routes() }

// Search looks for a word in captured content.
func Search(ctx context.Context, word string, sessions []store.Session) error {
	c := contentSearch{words: []string{word}}
	_, err := c.look(ctx, sessions)
	return err
}

// Samples are samples of a server's processes.
type Samples []sample

// NewSamples returns samples with so much memory, one a minute, of the processors in use.
func NewSamples(memory int64, cpu ...float64) (all Samples) {
	for i, c := range cpu {
		at := time.Unix(0, 0).Add(time.Duration(i) * time.Minute)
		all = append(all, sample{at, at.Add(time.Minute), c, memory})
	}
	return all
}

// InWords says what was used last.
func (s Samples) InWords() string { return inWords(s) }

// Fewer returns how many samples are sent of these, and the minutes of a processor that were used in them.
func (s Samples) Fewer() (n int, used float64) {
	few := fewer(s, mostSamples)
	for _, one := range few {
		used += one.cpu * one.at.Sub(one.from).Minutes()
	}
	return len(few), used
}

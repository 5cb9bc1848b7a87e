package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/watch"
)

// A search for content reads so much, and takes so long, at most.
const (
	mostSearched = 256 << 20 // bytes
	searchTime   = 5 * time.Second
	mostWord     = 200 // bytes
)

// contentSearch is the terms content:word of a filter. A session passes if its captured content has the word, whatever its case.
// The list of sessions alone has them: files are read for it.
type contentSearch struct {
	words []string
	found map[string]map[string]bool // by word: the sessions that have it
}

// field is the kind of the terms. What they match is known after look.
func (c *contentSearch) field() watch.Field {
	return watch.Field{Name: "content", Match: func(word string) (func(*watch.Subject) bool, error) {
		if len(word) > mostWord {
			return nil, fmt.Errorf("content: wants a word of at most %d bytes", mostWord)
		}
		c.words = append(c.words, word)
		return func(s *watch.Subject) bool { return c.found[word][s.Session] }, nil
	}}
}

// look looks for the words in the content of sessions, the newest first. It returns how many it has left out, since that would
// have taken too long: these pass no term.
func (c *contentSearch) look(ctx context.Context, sessions []store.Session) (unread int, err error) {
	limited, stop := context.WithTimeout(ctx, searchTime)
	defer stop()
	left := int64(mostSearched)
	c.found = map[string]map[string]bool{}
	for _, word := range c.words {
		c.found[word] = map[string]bool{}
	}
	for i := range sessions {
		one := &sessions[i]
		if !one.Content && one.State != store.Live || len(c.words) == 0 {
			continue
		}
		for word, found := range c.found {
			has, read, err := one.HasContent(limited, word, left)
			switch {
			case ctx.Err() != nil:
				return 0, ctx.Err()
			case errors.Is(err, context.DeadlineExceeded) || read > left:
				return len(sessions) - i, nil
			case err != nil:
				return 0, fmt.Errorf("session %s: %w", one.Name, err)
			}
			found[one.Name] = has
			left -= read
		}
	}
	return 0, nil
}

// searched looks for the words of a search, if it has any, in the sessions that ended after a time or still run.
func (s *source) searched(ctx context.Context, c *contentSearch, since time.Time) (unread int, err error) {
	if len(c.words) == 0 {
		return 0, nil
	}
	all, err := s.keeper.listed(ctx, since)
	if err != nil {
		return 0, err
	}
	return c.look(ctx, all)
}

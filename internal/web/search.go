package web

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
)

// A search for content reads so much, and takes so long, at most.
const (
	mostSearched = 256 << 20 // bytes
	searchTime   = 5 * time.Second
	mostWord     = 200 // bytes
)

// contentTerm is a term content:word of a filter. Package watch knows nothing of it: to look at content, files are read.
type contentTerm struct {
	text, word string
	not        bool
}

// cutContent takes the terms about content out of a filter.
func cutContent(filter string) (rest string, terms []contentTerm, err error) {
	var others []string
	for text := range strings.FieldsSeq(filter) {
		t := contentTerm{text: text}
		word, not := strings.CutPrefix(text, "-")
		name, word, is := strings.Cut(word, ":")
		if !is || !strings.EqualFold(name, "content") {
			others = append(others, text)
			continue
		}
		if t.not, t.word = not, word; word == "" || len(word) > mostWord {
			f := refusal(400, fmt.Sprintf("%s: want a word of at most %d bytes, such as content:timeout", view.Safe(text), mostWord), "")
			f.Term = text
			return "", nil, f
		}
		terms = append(terms, t)
	}
	return strings.Join(others, " "), terms, nil
}

// contentMatches returns which of the sessions, the newest first, pass all terms: whose captured content has the word, whatever
// its case. Sessions without content have none. It returns how many were not looked at, since that would have taken too long.
func contentMatches(ctx context.Context, sessions []store.Session, terms []contentTerm) (pass map[string]bool, unread int, err error) {
	limited, stop := context.WithTimeout(ctx, searchTime)
	defer stop()
	pass, left := map[string]bool{}, int64(mostSearched)
	for i := range sessions {
		one := &sessions[i]
		passes := true
		for _, t := range terms {
			has, read := false, int64(0)
			if one.Content || one.State == store.Live {
				has, read, err = one.HasContent(limited, t.word, left)
			}
			switch {
			case ctx.Err() != nil:
				return nil, 0, ctx.Err()
			case errors.Is(err, context.DeadlineExceeded) || read > left && !has:
				return pass, len(sessions) - i, nil
			case err != nil:
				return nil, 0, fmt.Errorf("session %s: %w", one.Name, err)
			}
			if left -= read; has == t.not {
				passes = false
				break
			}
		}
		if passes {
			pass[one.Name] = true
		}
	}
	return pass, 0, nil
}

package web

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// This file says how the cost of a server's definitions has changed, of all together and of each.

const (
	historyDays  = 30
	mostListings = 200 // of a server that are compared
	mostPoints   = 30  // of a definition in a list: its panel has all
)

// listings returns what sessions of a server have listed, the oldest first: of those in a row that cost the same the first, and the
// latest mostListings of these.
func (c *clientContext) listings(server serverKey) []*brought {
	var all []*brought
	for i := range c.runs {
		for j, b := range c.runs[i].brought {
			if serverOf(&c.runs[i].Sessions[j]) == server && !b.listedAt.IsZero() {
				all = append(all, b)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *brought) int { return a.listedAt.Compare(b.listedAt) })
	all = slices.CompactFunc(all, func(a, b *brought) bool {
		return a.tokens() == b.tokens() && a.instructions.Tokens == b.instructions.Tokens && a.tools == b.tools && sameList(a.listed, b.listed)
	})
	return all[max(len(all)-mostListings, 0):]
}

// sameList reports whether two lists are equal. Most are one and the same (see contexts.share).
func sameList(a, b []record.Definition) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b))
}

// history is how a cost has changed.
type history []api.HistoryPoint

// add adds what something costs from a listing on, if that is not what it cost before.
func (h *history) add(from *brought, tokens int64) {
	text := view.Tokens(tokens) + " tokens"
	if last := len(*h) - 1; last >= 0 {
		before := (*h)[last].Tokens
		switch {
		case before == tokens:
			return
		case tokens == 0:
			text = "not listed"
		case before > 0:
			text += ", " + signed(tokens-before)
		}
	}
	*h = append(*h, api.HistoryPoint{At: from.listedAt, Tokens: tokens, Text: text})
}

// historyOf returns how the cost of all definitions has changed.
func historyOf(all []*brought) history {
	h := history{}
	for _, b := range all {
		h.add(b, b.tokens())
	}
	return h
}

// historiesOf returns how the cost of each of some definitions of a server has changed. One that was added later begins then.
func historiesOf(all []*brought, of []record.Definition) []history {
	histories := make([]history, len(of))
	for i := range histories {
		histories[i] = history{}
	}
	for _, b := range all {
		listed := make(map[string]*record.Definition, len(b.listed))
		for i := range b.listed {
			listed[b.listed[i].Name] = &b.listed[i]
		}
		for i := range of {
			d := listed[of[i].Name]
			if of[i].Kind == record.InstructionsDefinition {
				d = &b.instructions
			}
			switch {
			case d != nil && d.Tokens > 0:
				histories[i].add(b, d.Tokens)
			case d != nil && d.Size > 0: // an earlier version's session, which has no estimates
			case len(histories[i]) > 0 && len(b.listed) == b.tools: // else it may be among those that were not kept
				histories[i].add(b, 0)
			}
		}
	}
	return histories
}

// change says how the cost of a server's definitions has changed last, and how many of them have changed.
func (c *clientContext) change(all history, changed int) *api.Remark {
	text, tone := "same", api.Quiet
	if n := len(all); n > 1 {
		text = fmt.Sprintf("%s %s", signed(all[n-1].Tokens-all[n-2].Tokens), c.day(all[n-1].At))
	}
	if changed > 0 {
		tone = api.Late
		if text == "same" {
			text = fmt.Sprintf("%d changed", changed)
		}
		text = changedMark + text
	}
	return &api.Remark{Text: text, Tone: tone}
}

// signed returns a difference of tokens: "+2.1k", "−310".
func signed(n int64) string {
	if n < 0 {
		return "−" + strings.TrimPrefix(view.Tokens(-n), "≈")
	}
	return "+" + strings.TrimPrefix(view.Tokens(n), "≈")
}

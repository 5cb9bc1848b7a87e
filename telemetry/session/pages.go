package session

import (
	"slices"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// listings follows the lists that come in pages (server/utilities/pagination): a response names the cursor with which
// the client asks for the next page. What a list of tools costs the model's context is the sum of its pages. A listing
// may be left halfway and begin anew, several may run at the same time, and the same page may be asked for twice.
type listings struct {
	open     []*listing      // the latest last
	complete map[string]bool // the methods whose list has been read to its end
	listed   uint64          // listings so far
}

// listing is one run through a list.
type listing struct {
	number  uint64
	method  string
	partial bool            // its beginning has not been seen
	next    Ref             // the cursor that asks for its next page; none while that is in flight
	cursors map[uint64]int  // which page a cursor asks for, by its hash; the first page is 0
	pages   map[uint64]bool // hashes of the pages that it has had
	count   int             // elements of all its pages
	size    int64           // their bytes
	tokens  int64           // their estimate
}

const (
	maxListings = 8
	maxPages    = 1024 // cursors and pages that are remembered of one listing
)

// request takes a request for a page and finds the listing that it belongs to.
func (l *listings) request(op *operation, cursor Ref) {
	if op.dir != record.ToServer || !semconv.Paged(op.Method) {
		return
	}
	if cursor.Type != framing.NoID {
		for _, is := range []func(*listing) bool{
			func(a *listing) bool { return a.next == cursor },
			func(a *listing) bool { _, known := a.cursors[cursor.Hash]; return known },
		} {
			i := slices.IndexFunc(l.open, func(a *listing) bool { return a.method == op.Method && is(a) })
			if i >= 0 {
				a := l.open[i]
				a.next = Ref{}
				op.listing, op.page = a, a.cursors[cursor.Hash]
				return
			}
		}
	}
	if len(l.open) == maxListings {
		l.open = slices.Delete(l.open, 0, 1)
	}
	l.listed++
	a := &listing{
		number: l.listed, method: op.Method, partial: cursor.Type != framing.NoID, cursors: map[uint64]int{}, pages: map[uint64]bool{},
	}
	if a.partial {
		a.cursors[cursor.Hash] = 0
	}
	l.open = append(l.open, a)
	op.listing = a
}

// response takes a page and reports whether its cursor asks for the same page again, or for one before it: a client
// that follows it never comes to the end (DeusData/codebase-memory-mcp#1247).
func (l *listings) response(op *operation, m *Message) (stuck bool) {
	a, x := op.listing, m.optional()
	if a == nil || m.Kind != framing.Response {
		return false
	}
	listed := x.List != "" && x.List == definitionKinds[op.Method]
	if listed && a.isNew(x.DefinitionHash) {
		a.count += x.Listed
		a.size += x.DefinitionSize
		a.tokens += x.DefinitionTokens
	}
	more := x.Cursor.Type != framing.NoID
	if a.next = x.Cursor; more {
		stuck = !a.follows(x.Cursor.Hash, op.page)
	} else {
		l.open = slices.DeleteFunc(l.open, func(b *listing) bool { return a == b })
	}
	if !listed {
		return stuck
	}
	if more = more || a.partial; !more || !l.complete[op.Method] {
		op.DefinitionTokens = a.tokens
		if op.Method == semconv.ToolsList {
			op.ToolCount, op.DefinitionSize = a.count, a.size
		}
	}
	if !more {
		l.completed(op.Method)
	}
	return stuck
}

func (l *listings) completed(method string) {
	if l.complete == nil {
		l.complete = map[string]bool{}
	}
	l.complete[method] = true
}

// follows notes that a cursor comes with a page, and reports whether it leads on.
func (a *listing) follows(cursor uint64, page int) bool {
	if to, known := a.cursors[cursor]; known {
		return to > page
	}
	if len(a.cursors) < maxPages {
		a.cursors[cursor] = page + 1
	}
	return true
}

// isNew notes a page, and reports whether the listing has not had it before.
func (a *listing) isNew(page uint64) bool {
	if a.pages[page] {
		return false
	}
	if len(a.pages) < maxPages {
		a.pages[page] = true
	}
	return true
}

// definitionsOf returns the definitions in the answer to a request: those of the kind that was asked for.
func definitionsOf(op *operation, x *Extra) []record.Definition {
	kind, known := definitionKinds[op.Method]
	if !known || op.dir != record.ToServer {
		return nil
	}
	var all []record.Definition
	for _, def := range x.Definitions {
		if def.Kind == kind {
			all = append(all, def.Definition)
		}
	}
	return all
}

// listPageOf returns which part of a list the answer to a request is. Instructions are a list of their own, of one page.
func listPageOf(op *operation, x *Extra) (p record.ListPage) {
	kind, known := definitionKinds[op.Method]
	if !known || op.dir != record.ToServer || !op.Answered || op.Code != "" || op.ErrorType != "" {
		return p
	}
	p = record.ListPage{Last: x.Cursor.Type == framing.NoID, Whole: !slices.Contains(x.Unread, kind)}
	if a := op.listing; a != nil && !a.partial {
		p.Listing, p.Page = a.number, op.page
	} else if kind == record.InstructionsDefinition {
		p.Listing, p.Last = op.Number, true
	}
	return p
}

// definitionKinds is which kind of definitions is the answer to a method.
var definitionKinds = map[string]record.DefinitionKind{
	semconv.ToolsList:             record.ToolDefinition,
	semconv.PromptsList:           record.PromptDefinition,
	semconv.ResourcesList:         record.ResourceDefinition,
	semconv.ResourceTemplatesList: record.TemplateDefinition,
	semconv.Initialize:            record.InstructionsDefinition,
	semconv.Discover:              record.InstructionsDefinition,
}

package web

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// This file keeps the figures that were asked for last, and knows when they have to be made anew.

// figuresCache keeps what was asked for last. One pass runs at a time: it uses all processors, and what waits for it often
// asks for the same.
type figuresCache struct {
	once sync.Once
	turn chan struct{} // held by the one that reads
	kept []keptFigures // the latest last
}

type keptFigures struct {
	key     string
	figures *figures
}

// mostKept is how many figures are kept: what one looks at, and what one looked at before.
const mostKept = 2

// toolSource is the source of figures of tools.
type toolSource struct {
	*source
	kept figuresCache
}

// figures returns the figures that a request asks for.
func (s *toolSource) figures(r *http.Request, kind string) (*figures, error) {
	since, err := s.since(r)
	if err != nil {
		return nil, err
	}
	filter, err := filterOf(r, notOfCalls)
	if err != nil {
		return nil, err
	}
	ctx, now := r.Context(), s.now()
	a := choice{since: since.Truncate(time.Minute), filter: filter, by: byOf(kind)}
	sessions, err := s.keeper.listed(ctx, report.Window{Since: a.since, Until: now}.Before())
	if err != nil {
		return nil, err
	}
	c := &s.kept
	c.once.Do(func() { c.turn = make(chan struct{}, 1) })
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	changes := s.changes(sessions)
	key := figuresKey(&a, sessions, changes)
	if i := slices.IndexFunc(c.kept, func(k keptFigures) bool { return k.key == key }); i >= 0 {
		return c.kept[i].figures, nil
	}
	f, err := newFigures(ctx, a, now, sessions, changes)
	if err != nil {
		return nil, err
	}
	c.kept = append(c.kept, keptFigures{key, f})
	c.kept = slices.Clone(c.kept[max(0, len(c.kept)-mostKept):])
	return f, nil
}

// figuresKey returns what figures depend on: what was asked for, how much is stored of each session, and how definitions have changed.
func figuresKey(a *choice, sessions []store.Session, changes map[string][]record.DefinitionChange) string {
	var key strings.Builder
	fmt.Fprintf(&key, "%d %s %s", a.since.Unix(), a.by, a.filter.Text)
	for i := range sessions {
		s := &sessions[i]
		size := s.Size
		if s.State != store.Ended { // it grows
			size = sizeOf(filepath.Join(s.Dir, "digest")) + sizeOf(filepath.Join(s.Dir, "logs.jsonl"))
		}
		fmt.Fprintf(&key, "\x00%s %s %s %s %d", s.Name, s.State, s.ServerName(), s.Client.Name, size)
	}
	for _, server := range slices.Sorted(maps.Keys(changes)) {
		if all := changes[server]; len(all) > 0 {
			fmt.Fprintf(&key, "\x00%s %d %d", server, len(all), all[len(all)-1].Since.UnixNano())
		}
	}
	return key.String()
}

// sizeOf returns the size of a file; 0 if there is none.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// changes returns how definitions have changed, by the names of servers as the rows have them.
func (s *toolSource) changes(sessions []store.Session) map[string][]record.DefinitionChange {
	all, err := s.config.Store.Defined()
	if err != nil {
		return nil // the view of definitions says why
	}
	names := map[string]string{}
	for i := len(sessions) - 1; i >= 0; i-- { // the newest says what the server is called
		names[sessions[i].Service] = sessions[i].ServerName()
	}
	changes := map[string][]record.DefinitionChange{}
	for i := range all {
		name := cmp.Or(names[all[i].Service], all[i].Service)
		changes[name] = append(changes[name], all[i].Changes...)
	}
	return changes
}

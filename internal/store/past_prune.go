package store

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/past"
)

// prunePast makes what is remembered of servers follow from the sessions that are left. A server without sessions is
// forgotten. One that has lost sessions because the user wanted that is learned again from the others; what the retention
// removes has been forgotten by its age. Sessions that were killed are added.
func (s *Store) prunePast(ctx context.Context, all []candidate, chosen bool) {
	dir, err := s.pastDir(false)
	if err != nil {
		return // there is none
	}
	defer func() { _ = dir.Close() }()
	left, unknown := map[string][]*candidate{}, false
	lost := map[string]bool{}
	for i := range all {
		c := &all[i]
		switch {
		case c.removed && chosen:
			lost[c.meta.Service] = true
		case c.removed:
		case c.meta.Service == "":
			unknown = true
		default:
			left[c.meta.Service] = append(left[c.meta.Service], c)
		}
	}
	ids := map[string]bool{}
	for service, of := range left {
		id := pastID(service)
		ids[id] = true
		if _, err := dir.Lstat(id + pastSuffix); err == nil && ctx.Err() == nil {
			s.catchUp(ctx, service, of, lost[service])
		}
	}
	for service := range lost {
		if len(left[service]) == 0 {
			removePast(dir, pastID(service))
		}
	}
	sweepPast(dir, func(id string) bool { return ids[id] || unknown })
}

// catchUp adds the sessions of a server that are over and were not added. If some were removed, it starts anew.
func (s *Store) catchUp(ctx context.Context, service string, of []*candidate, anew bool) {
	_ = s.changePast(ctx, service, func(p *past.Past) (changed bool) { // the next time, if it fails
		if anew {
			*p = *past.New(service)
		}
		for _, c := range of {
			if c.state != Ended && c.state != Killed || p.Has(c.name) {
				continue
			}
			one := &Session{Name: c.name, Dir: filepath.Join(s.sessions(), c.name), Meta: c.meta, State: c.state}
			one.Launched = c.started()
			changed = s.learn(ctx, p, one, nil) || changed
		}
		return changed || anew
	})
}

// sweepPast removes the files about servers that are not known any longer, and what a process that was killed has left.
func sweepPast(dir *os.Root, known func(id string) bool) {
	entries, _ := fs.ReadDir(dir.FS(), ".")
	for _, e := range entries {
		id, rest, _ := strings.Cut(e.Name(), ".")
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < time.Hour {
			continue // its first session may not be stored yet
		}
		if !known(id) || strings.HasSuffix(rest, ".tmp") {
			_ = dir.Remove(e.Name())
		}
	}
}

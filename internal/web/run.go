package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

// mostRemarks is how many remarks a run has: the latest.
const mostRemarks = 200

// sessionsOf returns the sessions of a run, the oldest first. The id may be that of one of its sessions.
func (s *Server) sessionsOf(ctx context.Context, id string) ([]store.Session, error) {
	all, err := s.config.Store.Sessions()
	if err != nil {
		return nil, err
	}
	run := id
	for i := range all {
		if all[i].Name == id {
			run = runID(&all[i])
		}
	}
	all = slices.DeleteFunc(slices.Clone(all), func(one store.Session) bool { return runID(&one) != run })
	if len(all) == 0 {
		return nil, missing(fmt.Sprintf("there is no run or session %q", view.Safe(id)), "it may have been removed (SPANPIPE_KEEP); see Sessions")
	}
	slices.Reverse(all)
	return all, ctx.Err()
}

// runID names the run of a session. One that has none stands alone.
func runID(s *store.Session) string { return cmp.Or(s.Run, s.Name) }

// readRun reads what is new in a run, and calls f with all that is known of it, under its lock.
func (s *Server) readRun(ctx context.Context, id string, f func(*runLog, time.Time) error) error {
	sessions, err := s.sessionsOf(ctx, id)
	if err != nil {
		return err
	}
	log := s.runs.of(runID(&sessions[0]))
	log.mu.Lock()
	defer log.mu.Unlock()
	if err := log.read(ctx, sessions); err != nil {
		return err
	}
	return f(log, s.now())
}

func (s *Server) run(r *http.Request) (any, error) {
	id := r.PathValue("id")
	var out *api.RunDetail
	err := s.readRun(r.Context(), id, func(log *runLog, now time.Time) error {
		out = &api.RunDetail{
			Reply: api.Reply{Version: api.Version, Now: now}, Remarks: []api.Remark{}, Run: summaryOf(log, now), Commands: commandsOf(log),
		}
		var all []view.Remark
		for _, one := range log.order {
			all = append(all, one.records(now).Remarks()...)
			out.Problems = append(out.Problems, one.problems()...)
		}
		slices.SortStableFunc(all, func(a, b view.Remark) int { return b.Time.Compare(a.Time) })
		for _, m := range all[:min(len(all), mostRemarks)] {
			out.Remarks = append(out.Remarks, api.Remark{Text: m.Text, Tone: toneOf(m.Color)})
		}
		if n := len(all) - mostRemarks; n > 0 {
			out.Problems = append(out.Problems, view.Plural(n, "earlier remark")+" left out.")
		}
		return nil
	})
	return out, err
}

// commandsOf returns the commands that show a run in a terminal.
func commandsOf(log *runLog) []string {
	if last := log.order[len(log.order)-1]; len(log.order) > 1 {
		return []string{"spanpipe show " + last.Name + " --run"}
	}
	return []string{"spanpipe show " + log.order[0].Name}
}

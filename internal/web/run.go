package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

// runSource is the source of all about one run.
type runSource struct {
	*source
	logs runLogs
}

// sessionsOf returns the sessions of a run, the oldest first. The id may be that of one of its sessions.
func (s *runSource) sessionsOf(ctx context.Context, id string) ([]store.Session, error) {
	var all []store.Session
	s.keeper.during(ctx, func(w *watch.World) {
		if r := runIn(w, id); r != nil {
			for _, one := range r.Sessions {
				all = append(all, one.Session)
			}
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, missing(fmt.Sprintf("there is no run or session %q", view.Safe(id)), "it may have been removed (SPANPIPE_KEEP)")
	}
	return all, nil
}

// runIn returns a run by its id, or by the name of one of its sessions; nil if there is none.
func runIn(w *watch.World, id string) *watch.Run {
	if s := w.Sessions[id]; s != nil {
		return s.InRun
	}
	for _, r := range w.Runs {
		if r.Key == id {
			return r
		}
	}
	return nil
}

// runID names the run of a session. One that has none stands alone.
func runID(s *store.Session) string { return cmp.Or(s.Run, s.Name) }

// readRun reads what is new in a run, and calls f with all that is known of it, under its lock.
func (s *runSource) readRun(ctx context.Context, id string, f func(*runLog, time.Time) error) error {
	sessions, err := s.sessionsOf(ctx, id)
	if err != nil {
		return err
	}
	log := s.logs.of(runID(&sessions[0]))
	log.mu.Lock()
	defer log.mu.Unlock()
	if err := log.read(ctx, sessions); err != nil {
		return err
	}
	return f(log, s.now())
}

func (s *runSource) run(r *http.Request) (any, error) {
	id := r.PathValue("id")
	out := &api.RunDetail{Reply: s.stamp()}
	if err := s.readRun(r.Context(), id, func(log *runLog, now time.Time) error {
		out.Now, out.Remarks = now, log.remarks(now)
		return nil
	}); err != nil {
		return nil, err
	}
	s.keeper.number()
	s.keeper.during(r.Context(), func(w *watch.World) {
		if run := runIn(w, id); run != nil { // else it has just been removed
			for _, one := range run.Sessions {
				if one.Strip == nil && one.Trouble() == "" {
					w.Want(watch.WantHistory, one.Name)
				}
			}
			out.Run = s.keeper.runOf(run, run.Sessions)
		}
	})
	if len(out.Run.Sessions) == 0 {
		return nil, missing(fmt.Sprintf("run %q has just been removed", view.Safe(id)), "see Sessions")
	}
	out.Commands = commandsOf(&out.Run)
	return out, nil
}

// commandsOf returns the command that shows a run in a terminal. A number is that of the last listing.
func commandsOf(run *api.Run) []string {
	last := run.Sessions[len(run.Sessions)-1]
	name := last.Name
	if last.Number > 0 {
		name = strconv.Itoa(last.Number)
	}
	command := "spanpipe show " + name
	if len(run.Sessions) > 1 {
		command += " --run"
	}
	return []string{command}
}

func (s *runSource) resources(r *http.Request) (any, error) {
	sessions, err := s.sessionsOf(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	out := &api.Resources{
		Reply: s.stamp(), Base: sessions[0].Launched, Sessions: []api.SessionResources{},
	}
	for i := range sessions {
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		one := &sessions[i]
		all, err := one.Usage()
		if err != nil {
			return nil, fmt.Errorf("session %s: %w", one.Name, err)
		}
		samples := samplesOf(one, all)
		if len(samples) == 0 {
			continue
		}
		columns := api.SessionResources{Session: one.Name, Text: inWords(samples)}
		for _, p := range fewer(samples, mostSamples) {
			columns.At = append(columns.At, seconds(p.at.Sub(out.Base)))
			columns.CPU = append(columns.CPU, rounded(p.cpu))
			columns.Memory = append(columns.Memory, p.memory)
		}
		out.Sessions = append(out.Sessions, columns)
	}
	return out, nil
}

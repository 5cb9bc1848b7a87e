package cli

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// The shapes below are those of docs/json.md. A field is only ever added; what changes in meaning gets another version.

// jsonVersion is the version of all shapes.
const jsonVersion = 1

type jsonListing struct {
	Version  int           `json:"version"`
	Matched  int           `json:"matched"`
	Sessions []jsonSession `json:"sessions"`
}

type jsonSession struct {
	Number        int              `json:"number"`
	Name          string           `json:"name"`
	ID            string           `json:"id"`
	Run           string           `json:"run,omitempty"`
	ClientSession string           `json:"client_session,omitempty"`
	Server        record.Peer      `json:"server"`
	Service       string           `json:"service"`
	Client        record.Peer      `json:"client"`
	Protocol      string           `json:"protocol,omitempty"`
	State         store.State      `json:"state"`
	Launched      time.Time        `json:"launched"`
	Started       time.Time        `json:"started,omitzero"`
	Ended         time.Time        `json:"ended,omitzero"`
	Duration      float64          `json:"duration"`
	Totals        store.Totals     `json:"totals"`
	Exit          *store.Exit      `json:"exit,omitempty"`
	Lost          map[string]int64 `json:"lost,omitempty"`
	Size          int64            `json:"size"`
	Detail        bool             `json:"detail"`
	Content       bool             `json:"content"`
	Problem       string           `json:"problem,omitempty"`
}

func (l *listing) json() jsonListing {
	out := jsonListing{Version: jsonVersion, Matched: l.matched, Sessions: []jsonSession{}}
	for i := range l.sessions {
		out.Sessions = append(out.Sessions, sessionJSON(i+1, &l.sessions[i], l.now))
	}
	return out
}

func sessionJSON(number int, s *store.Session, now time.Time) jsonSession {
	d, _ := lasted(s, now)
	return jsonSession{
		Number: number, Name: s.Name, ID: s.ID, Run: s.Run, ClientSession: s.ClientSession, Server: s.Server,
		Service: s.Service, Client: s.Client, Protocol: s.Protocol, State: s.State, Launched: s.Launched.UTC(),
		Started: utc(s.Started), Ended: utc(s.Ended), Duration: record.Seconds(d), Totals: s.Totals, Exit: s.Exit, Lost: s.Lost,
		Size: s.Size, Detail: s.Detail, Content: s.Content, Problem: s.Problem,
	}
}

// utc returns a time in UTC. The zero time stays one.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

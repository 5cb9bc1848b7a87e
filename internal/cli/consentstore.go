package cli

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
)

// storing is what the local store keeps, where, and for how long. A limit that is absent does not exist.
type storing struct {
	Directory      string  `json:"directory"`
	KeepAge        float64 `json:"keep_age,omitempty"`         // s
	KeepSize       int64   `json:"keep_size,omitempty"`        // bytes, of all sessions
	KeepContentAge float64 `json:"keep_content_age,omitempty"` // s; absent also if no content is captured
	KeepDigestAge  float64 `json:"keep_digest_age"`            // s
	Definitions    string  `json:"definitions,omitempty"`      // the directory of fingerprints
	Past           string  `json:"past,omitempty"`             // the directory of what is remembered of servers; absent if nothing is
	PastServers    int     `json:"past_servers,omitempty"`     // of which there is something now
	content        bool
	by             [2]string // what decides the limits, and that of content

	PastSince time.Time `json:"past_since,omitzero"` // the day of the first session that is remembered
}

// storing describes the local store.
func (a *app) storing(content bool) *storing {
	keep := a.options.keep
	s := &storing{
		KeepAge: keep.Age.Seconds(), KeepSize: keep.Size, KeepDigestAge: store.DigestAge.Seconds(),
		content: content, by: a.keptBy(),
	}
	if dir := a.stateDir(); dir != "" {
		s.Directory, s.Definitions = filepath.Join(dir, "sessions"), filepath.Join(dir, "definitions")
		if a.remembers() {
			s.Past = filepath.Join(dir, "past")
			if servers, since := store.Open(dir).Remembered(); servers > 0 {
				s.PastServers, s.PastSince = servers, since
			}
		}
	}
	if content {
		s.KeepContentAge = keep.Content.Seconds()
	}
	return s
}

// limits returns how long what is stored is kept.
func (s *storing) limits() []string {
	if s == nil {
		return nil
	}
	limit := "without a limit"
	switch {
	case s.KeepAge > 0 && s.KeepSize > 0:
		limit = "for " + ageText(s.KeepAge) + ", and at most " + view.Size(s.KeepSize) + " of all sessions"
	case s.KeepAge > 0:
		limit = "for " + ageText(s.KeepAge)
	case s.KeepSize > 0:
		limit = "at most " + view.Size(s.KeepSize) + " of all sessions"
	}
	lines := []string{"spans, log records and metrics: " + limit + " (" + s.by[0] + ")"}
	if s.content {
		lines = append(lines, "captured content: for "+ageText(s.KeepContentAge)+" ("+s.by[1]+")")
	}
	lines = append(lines, "totals of each session and a short line for each operation, without content: for "+ageText(s.KeepDigestAge))
	if s.Past != "" {
		line := "what is usual for each server (names, counts, durations, sizes), in " + s.Past + ": until it has not been seen for " +
			ageText(s.KeepDigestAge)
		if s.PastServers > 0 {
			line += "; now of " + view.Plural(s.PastServers, "server") + ", since " + s.PastSince.Format("2 Jan 2006")
		}
		lines = append(lines, line+" (SPANPIPE_ANOMALIES=session keeps none)")
	}
	if s.Definitions != "" {
		lines = append(lines, "fingerprints of definitions, and which of them you have accepted, in "+s.Definitions+": until you remove them")
	}
	return append(lines,
		"backups, and a home directory that is synchronized with other machines, copy these files and may keep them "+
			"longer; SPANPIPE_DIR names another place")
}

// ageText returns an age as SPANPIPE_KEEP would be written for people.
func ageText(seconds float64) string {
	const hour, day = 60 * 60, 24 * 60 * 60
	switch {
	case seconds >= 2*day && math.Mod(seconds, day) == 0:
		return fmt.Sprintf("%.0f days", seconds/day)
	case seconds >= 2*hour && math.Mod(seconds, hour) == 0:
		return fmt.Sprintf("%.0f hours", seconds/hour)
	}
	text := (time.Duration(seconds * float64(time.Second))).String()
	if hours, exact := strings.CutSuffix(text, "h0m0s"); exact {
		return hours + "h"
	}
	if minutes, exact := strings.CutSuffix(text, "m0s"); exact {
		return minutes + "m"
	}
	return text
}

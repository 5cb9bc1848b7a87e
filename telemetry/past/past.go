package past

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// Format is the version of an encoded Past. One of an earlier version is made again, and one of a later version is left alone.
const Format = 1

// Bounds of a Past.
const (
	MaxSize    = 256 << 10 // bytes, encoded
	MaxAge     = 180       // days for which what was not seen again is remembered
	maxTargets = 200
	maxPairs   = 2000
	maxClients = 50
	maxListed  = 1000
	maxMerged  = 500
	maxTold    = 100
	halfLife   = 60 // days
	// maxHalvings leaves nothing of any count that is possible.
	maxHalvings = 30
	weeks       = MaxAge / 7
)

// Kind is what a call is for.
type Kind string

// The kinds of targets.
const (
	Tool     Kind = "tool"
	Resource Kind = "resource"
	Prompt   Kind = "prompt"
)

// Key names a target: a tool or prompt by its name, a resource by its template or scheme.
type Key struct {
	Kind Kind
	Name string
}

// KeyOf returns the target of a call, and false for an operation that is none.
func KeyOf(op *record.Operation) (Key, bool) {
	switch {
	case !op.IsCall():
		return Key{}, false
	case op.Method == semconv.ResourcesRead:
		return Key{Resource, op.Resource}, op.Resource != ""
	case op.Method == semconv.PromptsGet:
		return Key{Prompt, op.Target}, op.Target != ""
	}
	return Key{Tool, op.Target}, op.Target != ""
}

// MarshalText implements encoding.TextMarshaler.
func (k Key) MarshalText() ([]byte, error) { return []byte(string(k.Kind) + " " + k.Name), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *Key) UnmarshalText(text []byte) error {
	kind, name, ok := strings.Cut(string(text), " ")
	if !ok {
		return fmt.Errorf("%q is no target", text)
	}
	*k = Key{Kind(kind), name}
	return nil
}

func (k Key) compare(other Key) int {
	return cmp.Or(strings.Compare(string(k.Kind), string(other.Kind)), strings.Compare(k.Name, other.Name))
}

// Day counts days since 1970, in UTC.
type Day int

// DayOf returns the day of a time.
func DayOf(t time.Time) Day { return Day(t.Unix() / 86400) }

// Time returns the start of a day.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// Past is what is known of a server's sessions.
type Past struct {
	Format   int                 `json:"format"`
	Service  string              `json:"service"`  // service.name
	Sessions int                 `json:"sessions"` // that were merged, ever; also the number of the latest one
	Since    Day                 `json:"since"`    // of the first session
	Halved   Day                 `json:"halved"`   // when counts were halved last
	Version  string              `json:"version"`  // of the server, as its latest session says
	Changed  int                 `json:"changed"`  // number of the first session with it
	Merged   []string            `json:"merged"`   // names of the latest sessions, in their order
	Calls    int                 `json:"calls"`
	Runs     Runs                `json:"runs"` // over calls of all targets
	Targets  map[Key]*Target     `json:"targets"`
	Clients  map[string]*Client  `json:"clients"`
	Listed   map[string]*Listing `json:"listed"` // tools by name
	Told     map[string]*Told    `json:"told,omitempty"`
}

// Target is what is known of a tool, resource or prompt.
type Target struct {
	Sessions int             `json:"sessions"` // in which it was called
	First    int             `json:"first"`    // number of the first session that called it
	Since    Day             `json:"since"`
	Last     Day             `json:"last"` // of the latest session that called it
	Calls    int             `json:"calls"`
	Failed   int             `json:"failed"`
	Runs     Runs            `json:"runs"`
	Duration Measure         `json:"duration"` // µs, of calls that succeeded
	Request  Measure         `json:"request"`  // bytes, of all
	Response Measure         `json:"response"` // bytes, of calls that succeeded
	Next     map[Key]*Follow `json:"next,omitempty"`
}

// Follow is what is known of a call that follows another.
type Follow struct {
	Count    int // how often
	Sessions int // in how many sessions
	First    int // number of the first session that had it
	Last     int // and of the latest
	Day      Day // of the latest
}

// Client is what is known of a client by its name.
type Client struct {
	Sessions int    `json:"sessions"`
	Last     Day    `json:"last"`
	Hours    Sketch `json:"hours"` // calls in each hour of a session that had any
}

// Listing is what is known of a tool that was listed.
type Listing struct {
	Sessions int `json:"sessions"`
	Last     Day `json:"last"`
}

// Told is what has been reported of one thing.
type Told struct {
	Sessions int `json:"sessions"`
	Last     Day `json:"last"`
}

// Runs counts sessions by the most failures that they had among RunLength calls in a row.
type Runs [RunLength + 1]int

// RunLength is the number of calls in a row in which failures are counted.
const RunLength = 10

// Common returns the number of failures that all but a share of the sessions stayed within, and how many sessions there
// were.
func (r *Runs) Common(share float64) (failures, sessions int) {
	for _, n := range r {
		sessions += n
	}
	beyond := 0
	for failures = RunLength; failures > 0; failures-- {
		if beyond += r[failures]; float64(beyond) > share*float64(sessions) {
			break
		}
	}
	return failures, sessions
}

// New returns the past of a server that has none.
func New(service string) *Past {
	return &Past{
		Format: Format, Service: service,
		Targets: map[Key]*Target{}, Clients: map[string]*Client{}, Listed: map[string]*Listing{}, Told: map[string]*Told{},
	}
}

// Has reports whether a session has been merged. Of sessions before the names that are remembered it says so, too.
func (p *Past) Has(session string) bool {
	if len(p.Merged) == maxMerged && session < p.Merged[0] {
		return true
	}
	_, found := slices.BinarySearch(p.Merged, session)
	return found
}

package cli

import (
	"encoding/json"
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
	"github.com/spanpipe/spanpipe/internal/replay"
)

// jsonReplay is what "spanpipe replay --json" prints; see docs/json.md.
type jsonReplay struct {
	Version     int             `json:"version"`
	Recording   jsonRecording   `json:"recording"`
	Same        bool            `json:"same"`
	Differences int             `json:"differences"`
	Stopped     string          `json:"stopped,omitempty"`
	Updated     bool            `json:"updated"`
	Kept        string          `json:"kept,omitempty"`
	Entries     []jsonReentry   `json:"entries"`
	Exit        *recording.Exit `json:"exit"`
}

type jsonRecording struct {
	File     string    `json:"file"`
	Started  time.Time `json:"started"`
	By       string    `json:"by,omitempty"`
	Redacted bool      `json:"redacted,omitempty"`
}

// jsonReentry is what is compared together.
type jsonReentry struct {
	Sort        replay.Sort      `json:"sort"`
	Number      int              `json:"number,omitempty"`
	Name        string           `json:"name"`
	Outcome     string           `json:"outcome"`
	Recorded    float64          `json:"recorded_duration,omitempty"`
	Replayed    float64          `json:"duration,omitempty"`
	Differences []jsonDifference `json:"differences,omitempty"`
}

type jsonDifference struct {
	Part     string          `json:"part"`
	Path     string          `json:"path,omitempty"`
	Change   replay.Change   `json:"change"`
	Recorded json.RawMessage `json:"recorded,omitempty"`
	Replayed json.RawMessage `json:"replayed,omitempty"`
	Note     string          `json:"note,omitempty"`
}

// json returns the replay for programs.
func (r *rerun) json() jsonReplay {
	out := jsonReplay{
		Version:   jsonVersion,
		Recording: jsonRecording{r.file, utc(r.header.Started), r.header.By, r.header.Redacted},
		Same:      r.report.Differences() == 0, Differences: r.report.Differences(), Stopped: r.report.Stopped,
		Updated: r.updated, Entries: []jsonReentry{}, Exit: &r.exit,
	}
	if r.kept != nil {
		out.Kept = r.kept.Error()
	}
	for i := range r.report.Entries {
		e := &r.report.Entries[i]
		one := jsonReentry{
			Sort: e.Sort, Number: e.Number, Name: e.Name, Outcome: "same",
			Recorded: e.Recorded.Seconds(), Replayed: e.Replayed.Seconds(),
		}
		if e.Ignored {
			one.Outcome = "ignored"
		}
		for _, d := range e.Differences {
			one.Outcome = "differs"
			one.Differences = append(one.Differences, jsonDifference{
				d.Part, d.Path, d.Change, json.RawMessage(d.Recorded), json.RawMessage(d.Replayed), d.Note,
			})
		}
		out.Entries = append(out.Entries, one)
	}
	return out
}

package cli

// jsonRules is what metric rules take from calls, as "spanpipe consent" and "spanpipe metrics check" print it.
type jsonRules struct {
	File     string            `json:"file"`
	Error    string            `json:"error,omitempty"`
	Rules    []jsonRule        `json:"rules"`
	Problems []jsonRuleProblem `json:"problems"`
}

type jsonRule struct {
	Name   string      `json:"name"`
	Line   int         `json:"line"`
	Type   string      `json:"type"`
	Unit   string      `json:"unit,omitempty"`
	Match  string      `json:"match"`
	Value  string      `json:"value"`
	When   string      `json:"when,omitempty"`
	Labels []jsonLabel `json:"labels"`
	Tried  *jsonTried  `json:"tried,omitempty"`
}

type jsonLabel struct {
	Name   string   `json:"name"`
	From   string   `json:"from"`
	Values []string `json:"values"` // "other" stands for any further one
}

type jsonRuleProblem struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Rule   string `json:"rule,omitempty"`
	Text   string `json:"text"`
	Hint   string `json:"hint,omitempty"`
}

// checked is what "spanpipe metrics check" prints; see docs/json.md.
type checked struct {
	Version int    `json:"version"`
	Session string `json:"session,omitempty"` // on which the rules were tried
	Calls   int    `json:"calls"`             // in the session
	jsonRules
	// Capture is the kinds of content that rules look at and that the session does not have: SPANPIPE_CAPTURE would keep them.
	Capture []string `json:"capture_needed"`
	tried   bool
}

// jsonTried is what a rule has measured in a session.
type jsonTried struct {
	Matched    int64        `json:"matched"`     // calls
	Unmet      int64        `json:"unmet"`       // of these, calls that the condition left out
	NotNumbers int64        `json:"not_numbers"` // values that are no number
	Left       int64        `json:"left_out"`    // values that were too large, or not for a counter
	Values     int          `json:"values"`
	Sum        float64      `json:"sum"`
	Min        float64      `json:"min"`
	Max        float64      `json:"max"`
	Last       float64      `json:"last"`
	Series     []jsonSeries `json:"series"`
}

// jsonSeries is what a rule has measured under the same labels.
type jsonSeries struct {
	Labels map[string]string `json:"labels"`
	Values int               `json:"values"`
	Sum    float64           `json:"sum"`
	Last   float64           `json:"last"`
	key    string
}

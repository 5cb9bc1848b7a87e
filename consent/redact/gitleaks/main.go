// Command gitleaks writes the credential rules that the redactor embeds, from the rule set of the gitleaks module in
// the version that go.mod requires. Its test fails if the file is not what it would write.
//
//	go run . > ../rules.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
)

const module = "github.com/zricethezav/gitleaks/v8"

// left are the rules that are left out, with the reason.
var left = map[string]string{
	"generic-api-key": "pairs of a telling name and a value are found by the redactor itself, by more names and with less doubt",
	"pkcs12-file":     "looks at file names only",
	"jwt":             "found by the redactor itself, also without signature and encrypted",
}

// kinds are the rules whose secrets the redactor gives a kind of their own.
var kinds = map[string]string{"private-key": "private-key", "age-secret-key": "private-key", "jwt-base64": "jwt"}

// A header is the first line of the file, a rule any other.
type header struct {
	Source  string            `json:"source"`
	Version string            `json:"version"`
	License string            `json:"license"`
	Left    map[string]string `json:"left_out"`
}

type rule struct {
	ID       string   `json:"id"`
	Kind     string   `json:"kind,omitempty"`
	Regex    string   `json:"regex"`
	Group    int      `json:"group,omitempty"`
	Entropy  float64  `json:"entropy,omitempty"`
	Keywords []string `json:"keywords"`
	Allow    []string `json:"allow,omitempty"` // expressions that match harmless look-alikes
}

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(out io.Writer) error {
	d, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		return fmt.Errorf("loading the rule set: %w", err)
	}
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(header{module, version(), "MIT, Copyright (c) 2019 Zachary Rice", left}); err != nil {
		return err
	}
	ids := make([]string, 0, len(d.Config.Rules))
	for id := range d.Config.Rules {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if left[id] != "" {
			continue
		}
		r, err := convert(d.Config.Rules[id])
		if err != nil {
			return err
		}
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return w.Flush()
}

func version() string {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == module {
			return m.Version
		}
	}
	return "unknown"
}

// What gitleaks expects after a secret, and what before it, is made for source files. Captured content is JSON, logs
// and prose: a secret may also end before a comma or bracket, and what stands before the telling name does not matter.
// The redactor removes what a rule's group matches, or else the whole match. A rule without a group that looks at the
// character behind the secret gets one, because that character stays: it may be the line break before other text.
const (
	tail     = "(?:[\\x60'\"\\s;]|\\\\[nr]|$)"
	wideTail = `(?:[^0-9A-Za-z]|$)`
	before   = `[\w.-]{0,50}?`
	notKey   = `(?:[^a-zA-Z0-9+/]|\z)`
)

func convert(r config.Rule) (rule, error) {
	expr := strings.ReplaceAll(r.Regex.String(), tail, wideTail)
	expr = strings.Replace(expr, "(?i)"+before, "(?i)", 1)
	if secret, ok := strings.CutSuffix(expr, notKey); ok && r.SecretGroup == 0 {
		expr = "(" + secret + ")" + notKey
	}
	out := rule{
		ID: r.RuleID, Kind: kinds[r.RuleID], Regex: expr, Group: r.SecretGroup, Entropy: r.Entropy, Keywords: r.Keywords,
	}
	slices.Sort(out.Keywords)
	for _, a := range r.Allowlists {
		if a.RegexTarget != "" && a.RegexTarget != "secret" || len(a.Paths) > 0 && a.MatchCondition == config.AllowlistMatchAnd {
			continue // about lines and files of a source tree
		}
		for _, re := range a.Regexes {
			out.Allow = append(out.Allow, re.String())
		}
		if len(a.StopWords) > 0 { // none of the rules that are kept has any, so the redactor does not know them
			return rule{}, fmt.Errorf("rule %s has stop words", r.RuleID)
		}
	}
	return out, nil
}

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// policyJSON is the policy of the machine's administrators.
type policyJSON struct {
	File  string `json:"file"`
	Error string `json:"error,omitempty"` // why it cannot be used
}

func (f *fleet) json() *policyJSON {
	switch {
	case f == nil || f.file == "":
		return nil
	case f.unusable != nil:
		return &policyJSON{f.file, f.unusable.Error()}
	}
	return &policyJSON{File: f.file}
}

// source is what decides a setting.
type source string

// The sources.
const (
	byFlag     source = "flag"
	byVariable source = "variable"
	byDefault  source = "default" // of spanpipe
	bySupply   source = "policy default"
	byLock     source = "policy lock"
	byStrict   source = "policy unusable"
)

// decided is one setting, and what has decided it.
type decided struct {
	What      string   `json:"what"`
	Value     string   `json:"value"`
	Source    source   `json:"source"`
	By        []string `json:"by,omitempty"`        // the flag, the variables, or the policy's file and key
	Overruled []string `json:"overruled,omitempty"` // what the user has set, and a policy overrules
}

// String returns a decision for people.
func (d decided) String() string {
	text := d.What + ": " + d.Value
	by := strings.Join(d.By, ", ")
	switch d.Source {
	case byFlag, byVariable:
		text += ", by " + by
	case byDefault:
		text += ", by default"
	case bySupply:
		text += ", by a default of the policy (" + by + ")"
	case byLock:
		text += ", by a lock of the policy (" + by + ")"
	case byStrict:
		text += ", because the policy cannot be used (" + by + ")"
	}
	if len(d.Overruled) > 0 {
		text += "; it overrules " + strings.Join(d.Overruled, ", ")
	}
	return text
}

func decisionLines(all []decided) (lines []string) {
	for _, d := range all {
		lines = append(lines, d.String())
	}
	return lines
}

// decisions returns what has decided each setting that the policy of a machine can decide.
func (a *app) decisions(p consent.Policy, d *decision) []decided {
	sinks, levels := p.Forbidden()
	destinations := a.bySetting("SPANPIPE_TELEMETRY", "sinks", wordList(d.Sinks))
	if slices.ContainsFunc(d.Reasons, func(r string) bool { return strings.HasPrefix(r, "DO_NOT_TRACK ") }) {
		destinations.By = append(destinations.By, "DO_NOT_TRACK")
	}
	all := []decided{
		restricted(destinations, a.fleet, "locks.forbid_sinks", sinks),
		restricted(a.bySetting("SPANPIPE_CAPTURE", "content", wordList(d.Capture)), a.fleet, "locks.forbid_capture", levels),
	}
	if p.Has(consent.OTLP) {
		all = append(all, a.decidedRoute(d))
	}
	if p.Has(consent.Local) {
		all = append(all, a.decidedKeep()...)
	}
	if d.HashKey != "" {
		all = append(all, a.decidedKey(d.HashKey))
	}
	user, rules := a.bySetting("SPANPIPE_USER", "user hash", a.options.user), a.bySetting("SPANPIPE_METRIC_RULES", "metric rules", "none")
	if d.MetricRules != nil {
		rules.Value = d.MetricRules.File
	}
	if a.fleet.unusable != nil {
		if a.fleet.userHash {
			user = a.fleet.strict(user)
		}
		if a.fleet.userRules != "" {
			rules = a.fleet.strict(rules)
		}
	}
	all = append(all, user, rules)
	if asked := a.setting("SPANPIPE_ADMIN_ADDR"); asked.source != "" && !p.MayListen() && a.fleet.file != "" {
		page := decided{What: "metrics page", Value: "none", Source: byLock, By: a.fleet.key("locks.forbid_sinks"), Overruled: []string{asked.source}}
		if a.fleet.unusable != nil {
			page = a.fleet.strict(decided{What: page.What, Value: page.Value, By: []string{asked.source}})
		}
		all = append(all, page)
	}
	return all
}

// bySetting describes a setting by the flag or the variable that has set it.
func (a *app) bySetting(variable, what, value string) decided {
	s := a.setting(variable)
	d := decided{What: what, Value: value, Source: byDefault}
	if s.source != "" {
		d.Source, d.By = byVariable, []string{s.source}
	}
	if s.IsSet() {
		d.Source = byFlag
	}
	return d
}

// restricted describes a list from which a policy has taken words.
func restricted[T ~string](d decided, f *fleet, key string, forbidden []T) decided {
	if len(forbidden) == 0 {
		return d
	}
	asked := fmt.Sprintf("%s of %s", wordList(forbidden), strings.Join(d.By, ", "))
	if f.unusable != nil {
		return decided{What: d.What, Value: d.Value, Source: byStrict, By: []string{f.file}, Overruled: []string{asked}}
	}
	return decided{What: d.What, Value: d.Value, Source: byLock, By: f.key(key), Overruled: []string{asked}}
}

// key names a key of the policy.
func (f *fleet) key(key string) []string { return []string{f.file, key} }

// strict describes a setting that cannot apply because the policy cannot be used.
func (f *fleet) strict(d decided) decided {
	return decided{What: d.What, Value: d.Value, Source: byStrict, By: []string{f.file}, Overruled: d.By}
}

// decidedRoute describes where telemetry is sent by OTLP.
func (a *app) decidedRoute(d *decision) decided {
	var places []string
	for _, signal := range []string{"traces", "metrics", "logs"} {
		if to := d.Destination[signal]; to != "" && !slices.Contains(places, to) {
			places = append(places, to)
		}
	}
	out := decided{What: "destination", Value: strings.Join(places, ", "), Source: byDefault}
	f, own := a.fleet, set(a.Environ, otlp.DestinationVariables())
	switch {
	case f.destination == "locks.otlp":
		out.Source, out.By = byLock, f.key(f.destination)
		out.Overruled = append(own, set(a.Environ, otlp.ProxyVariables())...)
	case f.destination != "":
		out.Source, out.By = bySupply, f.key(f.destination)
	case len(own) > 0:
		out.Source, out.By = byVariable, own
	}
	return out
}

// decidedKeep describes how long stored sessions are kept.
func (a *app) decidedKeep() []decided {
	f, keep := a.fleet, a.options.keep
	detail := a.bySetting("SPANPIPE_KEEP", "retention", keepText(keep))
	content := a.bySetting("SPANPIPE_KEEP_CONTENT", "retention of content", ageText(keep.Content.Seconds()))
	if detail.Source == byDefault && f.Defaults.Keep != nil {
		detail.Source, detail.By = bySupply, f.key("defaults.keep")
	}
	if content.Source == byDefault && f.Defaults.KeepContent > 0 {
		content.Source, content.By = bySupply, f.key("defaults.keep_content")
	}
	lock := func(d decided, key string) decided {
		out := decided{What: d.What, Value: d.Value, Source: byLock, By: f.key(key)}
		if d.Source == byVariable || d.Source == byFlag {
			out.Overruled = d.By
		}
		return out
	}
	wanted := f.userKeep
	if f.Defaults.Keep != nil && detail.Source == bySupply {
		wanted.Age, wanted.Size = f.Defaults.Keep.Age, f.Defaults.Keep.Size
	}
	if content.Source == bySupply {
		wanted.Content = f.Defaults.KeepContent
	}
	if wanted.Age != keep.Age || wanted.Size != keep.Size {
		detail = lock(detail, "locks.keep")
	}
	if wanted.Content != keep.Content {
		content = lock(content, "locks.keep_content")
	}
	return []decided{detail, content}
}

// keptBy names what decides how long details are kept, and content.
func (a *app) keptBy() (by [2]string) {
	for i, variable := range []string{"SPANPIPE_KEEP", "SPANPIPE_KEEP_CONTENT"} {
		switch d := a.decidedKeep()[i]; d.Source {
		case byLock:
			by[i] = strings.Join(d.By, ", ")
		case bySupply:
			by[i] = variable + "; now by " + strings.Join(d.By, ", ")
		default:
			by[i] = variable
		}
	}
	return by
}

// keepText returns the limits of details for people.
func keepText(keep store.Keep) string {
	switch {
	case keep.Age > 0 && keep.Size > 0:
		return ageText(keep.Age.Seconds()) + " and " + view.Size(keep.Size)
	case keep.Age > 0:
		return ageText(keep.Age.Seconds())
	case keep.Size > 0:
		return view.Size(keep.Size)
	}
	return store.Forever
}

// decidedKey describes which key hashes are made with.
func (a *app) decidedKey(path string) decided {
	d, f := a.bySetting("SPANPIPE_HASH_KEY_FILE", "key of all hashes", path), a.fleet
	switch {
	case f.Locks.HashKeyFile != "":
		return decided{What: d.What, Value: d.Value, Source: byLock, By: f.key("locks.hash_key_file"), Overruled: d.By}
	case d.Source == byDefault && f.Defaults.HashKeyFile != "":
		return decided{What: d.What, Value: d.Value, Source: bySupply, By: f.key("defaults.hash_key_file")}
	}
	return d
}

// wordList returns words as a list, or none.
func wordList[T ~string](words []T) string {
	if len(words) == 0 {
		return "none"
	}
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	return strings.Join(list, ", ")
}

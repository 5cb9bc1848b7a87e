package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
)

// unknownVariable is an environment variable that looks like one of spanpipe's but is none, such as SPANPIPE_TELEMETY.
// It has no effect, which its user would not notice.
type unknownVariable struct {
	Name    string `json:"name"`
	Nearest string `json:"nearest,omitempty"` // the known variable that may have been meant
}

// String names the variable. Its value is not shown: it may be a secret that was meant for something else.
func (u unknownVariable) String() string {
	if u.Nearest == "" {
		return view.Safe(u.Name)
	}
	return view.Safe(u.Name) + " (did you mean " + u.Nearest + "?)"
}

// unknownVariables returns the variables of an environment that begin with spanpipe's name, in any case, and are
// unknown. A blank one counts as unset.
func (a *app) unknownVariables() []unknownVariable {
	var known []string
	for _, s := range a.settings {
		known = append(known, s.Variable())
	}
	for _, name := range otlp.Variables() {
		known = append(known, "SPANPIPE_"+name)
	}
	unknown := []unknownVariable{}
	for _, entry := range a.Environ {
		name, value, _ := strings.Cut(entry, "=")
		switch {
		case !strings.HasPrefix(strings.ToUpper(name), "SPANPIPE") || strings.TrimSpace(value) == "":
		case slices.Contains(known, name) || strings.HasPrefix(name, "SPANPIPE_OTEL_GO_X_"): // experiments of the SDK
		default:
			unknown = append(unknown, unknownVariable{name, nearest(name, known)})
		}
	}
	slices.SortFunc(unknown, func(a, b unknownVariable) int { return strings.Compare(a.Name, b.Name) })
	return unknown
}

// warnOfUnknown reports all unknown variables with one warning.
func (a *app) warnOfUnknown() {
	const most = 5
	var names []string
	unknown := a.unknownVariables()
	for _, u := range unknown[:min(len(unknown), most)] {
		names = append(names, u.String())
	}
	if more := len(unknown) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	if len(names) > 0 {
		a.warn("ignoring unknown variable " + strings.Join(names, ", ") + "; spanpipe help lists those that exist")
	}
}

// nearest returns the known name that is most like an unknown one, or "" if none is alike.
func nearest(name string, known []string) string {
	upper, best, least := strings.ToUpper(name), "", max(2, len(name)/5)+1
	for _, k := range known {
		if d := distance(upper, strings.ToUpper(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// meant returns the beginning of a hint that asks for a word that is much like an unknown one, or "" if none is.
func meant(word string, known []string) string {
	if best := nearest(word, known); best != "" && 2*distance(word, best) <= len(word) {
		return "did you mean " + best + "? "
	}
	return ""
}

// commandNames returns the names of the commands that help lists.
func commandNames(commands []*cli.Command) []string {
	var names []string
	for _, c := range commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}

// distance returns how many characters have to be inserted, removed or replaced to turn one name into the other
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1) // of the part of a so far to each beginning of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

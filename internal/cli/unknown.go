package cli

import (
	"fmt"
	"slices"
	"strings"

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

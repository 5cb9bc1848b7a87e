package check

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/spanpipe/spanpipe/internal/view"
)

// parseBudget reads a budget, or returns what is wrong with it.
func parseBudget(r Rule, n *yaml.Node) (b Budget, problem string) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return Budget{}, "want " + wanted(r.Form)
	}
	b, ok := parseText(r.Form, n.Value)
	if !ok {
		return Budget{}, quoted(n.Value) + ": want " + wanted(r.Form)
	}
	if r.Name == MinCalls && (b.Off || b.Max < 1) {
		return Budget{}, quoted(n.Value) + ": want a number from 1"
	}
	return b, ""
}

// wanted says how a form is written.
func wanted(f Form) string {
	switch f {
	case Duration:
		return "a duration with its unit, such as 500ms or 2s"
	case Size:
		return "a size with its unit, such as 800B, 40kB, 1MB or 64KiB"
	case CountOrShare:
		return "a whole number, or a share such as 2%"
	default:
		return "a whole number from 0, without a unit"
	}
}

// mostCounted bounds numbers, so that all of them are exact.
const mostCounted = 1 << 50

// parseText reads a budget as it is written.
func parseText(f Form, text string) (b Budget, ok bool) {
	b = Budget{Text: text}
	if text == off {
		b.Off = true
		return b, true
	}
	switch f {
	case Duration:
		d, err := time.ParseDuration(text)
		b.Max = d.Seconds()
		return b, err == nil && d > 0
	case Size:
		b.Max, ok = parseSize(text)
		return b, ok
	case CountOrShare:
		if number, is := strings.CutSuffix(text, "%"); is {
			share, err := strconv.ParseFloat(strings.TrimSpace(number)+"e-2", 64) // 0.7/100 is less than 7/1000
			b.Max, b.Share = share, true
			return b, err == nil && share >= 0 && share <= 1
		}
	}
	n, err := strconv.ParseUint(text, 10, 64)
	b.Max = float64(n)
	return b, err == nil && n <= mostCounted
}

var sizeForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?(B|kB|MB|GB|KiB|MiB|GiB)$`)

// parseSize reads a size as the commands write it: kB are thousands of bytes, and KiB 1024.
func parseSize(text string) (bytes float64, ok bool) {
	found := sizeForm.FindStringSubmatch(text)
	if found == nil {
		return 0, false
	}
	number, err := strconv.ParseFloat(found[1], 64)
	unit := map[string]float64{"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[found[2]]
	bytes = math.Floor(number * unit)
	return bytes, err == nil && bytes <= mostCounted
}

// shown returns a measured value for people.
func shown(r Rule, v float64, share bool) string {
	noun := strings.Trim(r.unit, "{}")
	switch {
	case share || r.Form == Duration || r.Form == Size:
		return allowed(r, v, share)
	case noun == "token":
		return "≈" + view.Plural(int(v), noun)
	}
	return view.Plural(int(v), noun)
}

// allowed returns a budget for people, behind a measured value.
func allowed(r Rule, v float64, share bool) string {
	switch {
	case share:
		return strconv.FormatFloat(math.Round(v*1000)/10, 'f', -1, 64) + " %"
	case r.Form == Duration:
		return view.Duration(time.Duration(math.Round(v * float64(time.Second))))
	case r.Form == Size:
		return view.Size(int64(v))
	}
	return view.Number(int(v))
}

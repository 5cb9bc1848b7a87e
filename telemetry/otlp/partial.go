package otlp

import (
	"regexp"
	"strconv"
	"sync"
)

// lazy returns an expression that is compiled when it is first used: an ordinary session needs none of this package's.
func lazy(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// lostItems returns how many items of a batch did not arrive.
func lostItems(items int, err error) int {
	if rejected, partial := partialSuccess(err); partial {
		return min(rejected, items)
	}
	if err != nil {
		return items
	}
	return 0
}

// partialSuccessText is what the exporters make of OTLP's partial success
// (https://opentelemetry.io/docs/specs/otlp/#partial-success). Its type is internal to each of them.
var partialSuccessText = lazy(`(?s)^(?:[a-z ]+: )?OTLP partial success: .*\((\d+) [a-z ]+ rejected\)$`)

// partialSuccess reports whether an error is a partial success, and of how many rejected items. If it is of none, the
// backend has accepted everything and only sent a warning.
func partialSuccess(err error) (rejected int, is bool) {
	if err == nil {
		return 0, false
	}
	m := partialSuccessText().FindStringSubmatch(err.Error())
	if m == nil {
		return 0, false
	}
	rejected, err = strconv.Atoi(m[1])
	return rejected, err == nil
}

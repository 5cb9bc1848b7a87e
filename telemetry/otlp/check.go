package otlp

import (
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// checkVariables reports the invalid ones of the variables that the SDK and its exporters read themselves, and returns
// their names. What those report leaves out the name, or quotes the value, which may be a secret; they report it once
// for each signal.
func checkVariables(lookup lookupFunc, logger *slog.Logger) (reported []string) {
	check := func(name, want string, valid func(value string) bool, shown func(value string) string) {
		if v := lookup.get(name); v != "" && !valid(v) {
			reportInvalid(logger, name+shown(v)+": "+want)
			reported = append(reported, name)
		}
	}
	checkWord := func(name string, words ...string) {
		isWord := oneOf(words...)
		check(name, "want one of "+strings.Join(words, ", "), func(v string) bool { return isWord(strings.ToLower(v)) }, harmless)
	}
	for _, signal := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
		check(variablePrefix+signal+"TIMEOUT", wantMilliseconds, isInteger, number)
		check(variablePrefix+signal+"HEADERS", "want name=value pairs, separated by commas", areHeaders, hide)
		check(variablePrefix+signal+"COMPRESSION", "want gzip or none", oneOf("gzip", "none"), harmless)
	}
	checkWord("OTEL_TRACES_SAMPLER", "always_on", "always_off", "traceidratio",
		"parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio")
	if strings.HasSuffix(strings.ToLower(lookup.get("OTEL_TRACES_SAMPLER")), "traceidratio") {
		check("OTEL_TRACES_SAMPLER_ARG", "want a number from 0 to 1", isRatio, number)
	}
	checkWord(variablePrefix+"METRICS_TEMPORALITY_PREFERENCE", "cumulative", "delta", "lowmemory")
	checkWord(histogramsVariable, histogramForms()...)
	return reported
}

const histogramsVariable = variablePrefix + "METRICS_DEFAULT_HISTOGRAM_AGGREGATION"

func histogramForms() []string {
	return []string{"explicit_bucket_histogram", "base2_exponential_bucket_histogram"}
}

// CheckHistograms reports an invalid form of histograms to a session that sends nothing over OTLP: its metrics page reads the
// variable, too.
func CheckHistograms(lookup func(string) (string, bool), logger *slog.Logger) {
	if v := lookupFunc(lookup).get(histogramsVariable); v != "" && !slices.Contains(histogramForms(), strings.ToLower(v)) {
		reportInvalid(logger, histogramsVariable+harmless(v)+": want one of "+strings.Join(histogramForms(), ", "))
	}
}

const (
	wantMilliseconds = "want milliseconds, such as 5000"
	wantPositive     = "want a positive number"
)

// numberLike is what a user writes who takes a variable for a duration or a size in another unit.
var numberLike = lazy(`^[-+]?[0-9]{1,9}([.,][0-9]{1,3})? ?[a-zA-Z]{0,3}$`)

// number returns ="value" for what is like a number, and "" for anything else.
func number(value string) string { return shownIf(numberLike, value) }

// hide shows no value at all.
func hide(string) string { return "" }

func isInteger(value string) bool {
	_, err := strconv.Atoi(value)
	return err == nil
}

func isRatio(value string) bool {
	f, err := strconv.ParseFloat(value, 64)
	return err == nil && f >= 0 && f <= 1
}

func oneOf(words ...string) func(string) bool {
	return func(value string) bool { return slices.Contains(words, value) }
}

var headerName = lazy("^[0-9A-Za-z!#$%&'*+.^_`|~-]+$") // a token of RFC 9110, section 5.6.2

func areHeaders(list string) bool {
	for header := range strings.SplitSeq(list, ",") {
		name, value, ok := strings.Cut(header, "=")
		if _, err := url.PathUnescape(value); !ok || err != nil || !headerName().MatchString(strings.TrimSpace(name)) {
			return false
		}
	}
	return true
}

// reportInvalid reports a variable: its name, its value if that cannot be a secret, and what was wanted.
func reportInvalid(logger *slog.Logger, problem string) {
	logger.Warn("ignoring invalid OpenTelemetry environment variable", "error", problem)
}

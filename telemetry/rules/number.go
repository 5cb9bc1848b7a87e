package rules

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// numberOf returns the number that a JSON value is: a number, a text that is one, or true and false as 1 and 0.
func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		return parseNumber(string(v))
	case string:
		return parseNumber(v)
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// grouped is a number with commas between its thousands.
var grouped = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$`) })

// parseNumber reads a decimal number, also one with commas between its thousands. Infinity and not-a-number are none.
func parseNumber(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxWord || strings.Trim(text, "0123456789+-.,eE") != "" {
		return 0, false
	}
	if grouped().MatchString(text) {
		text = strings.ReplaceAll(text, ",", "")
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil && math.Abs(f) <= maxNumber
}

// layouts are the forms of a time, beside the number of seconds or milliseconds since 1970.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999", time.DateOnly, time.RFC1123Z, time.RFC1123,
}

// ageOf returns the seconds from the time that a JSON value is to the time now. A time without a zone is in UTC.
func ageOf(v any, now time.Time) (float64, bool) {
	if s, ok := v.(string); ok {
		for _, layout := range layouts {
			if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
				return now.Sub(t).Seconds(), true
			}
		}
	}
	f, ok := numberOf(v)
	if _, isBool := v.(bool); !ok || isBool || f <= 0 {
		return 0, false
	}
	for f > 1e11 { // milliseconds, microseconds or nanoseconds: as seconds this would be past the year 5000
		f /= 1000
	}
	return float64(now.UnixNano())/1e9 - f, true
}

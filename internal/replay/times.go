package replay

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A time counts as one if it may have been taken from the clock during the session: a date, and a number that counts seconds,
// within a day of it, and a time of day without a date within some seconds of it in some time zone. So the day of a flight, or
// of a birth, is compared like any other text.

// slack is how far from the session a date may be: files were written before it, and certificates expire after it.
const slack = 24 * time.Hour

// clockSlack is how far from the session a time of day may be.
const clockSlack = 5 * time.Second

var (
	isoTime = regexp.MustCompile(`\b(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,]\d{1,9})?( ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?\b`)
	// Sat, 28 Nov 2026 13:53:17 GMT; Sat Nov 28 13:53:17 UTC 2026; Sat Nov 28 2026 13:53:17 GMT+0000 (Coordinated Universal Time)
	wordTime = regexp.MustCompile(`\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:\d{1,2} [A-Z][a-z]{2}|[A-Z][a-z]{2} +\d{1,2}),?(?: \d{4})?` +
		`(?: \d\d:\d\d:\d\d)?(?: (?:[A-Z]{3,4}(?:[+-]\d{4})?|[+-]\d{4}))?(?: \d{4})?(?: \([A-Z][\w ]+\))?`)
	wordDay   = regexp.MustCompile(`(\d{1,2}) ([A-Z][a-z]{2})|([A-Z][a-z]{2}) +(\d{1,2})`)
	year      = regexp.MustCompile(`\b\d{4}\b`)
	clockTime = regexp.MustCompile(`\b(\d{1,2}):(\d\d):(\d\d)(?:[.,]\d{1,9})?(?:[ \x{a0}\x{202f}][AaPp]\.?[Mm]\b\.?)?`)
	epoch     = regexp.MustCompile(`\b(\d{10})(\d{3}|\d{6}|\d{9})?(\.\d+)?\b`)
)

// times replaces the times of a text.
func (s *side) times(text string) string {
	text = isoTime.ReplaceAllStringFunc(text, func(part string) string {
		m := isoTime.FindStringSubmatch(part)
		day, err := time.Parse(time.DateOnly, m[1])
		switch {
		case err != nil || !s.isNear(day):
			return part
		case m[2] == "":
			return "⟨date⟩"
		}
		return "⟨time⟩" // with or without a fraction, which is left out where it is zero
	})
	text = wordTime.ReplaceAllStringFunc(text, func(part string) string {
		m := wordDay.FindStringSubmatch(part)
		y := year.FindString(part)
		if m == nil || y == "" {
			return part
		}
		day, err := time.Parse("2 Jan 2006", strings.Join([]string{m[1] + m[4], m[2] + m[3], y}, " "))
		if err != nil || !s.isNear(day) {
			return part
		}
		return "⟨time⟩"
	})
	text = clockTime.ReplaceAllStringFunc(text, func(part string) string {
		m := clockTime.FindStringSubmatch(part)
		if !s.isNow(m[2], m[3]) {
			return part
		}
		return "⟨clock⟩"
	})
	return epoch.ReplaceAllStringFunc(text, s.epoch)
}

// keep marks what looks like a time and is the same in both texts, so that it is none: it may be data that is near one of the
// sessions by chance.
func keep(was, is string) (string, string) {
	for _, re := range []*regexp.Regexp{isoTime, wordTime, clockTime, epoch} {
		sides := map[string]int{}
		for i, text := range []string{was, is} {
			for _, part := range re.FindAllString(text, -1) {
				sides[part] |= 1 << i
			}
		}
		marked := func(part string) string {
			if sides[part] == 3 {
				return strings.Map(mark, part)
			}
			return part
		}
		was, is = re.ReplaceAllStringFunc(was, marked), re.ReplaceAllStringFunc(is, marked)
	}
	return was, is
}

// mark returns a character for private use for each digit.
func mark(r rune) rune {
	if r >= '0' && r <= '9' {
		return r - '0' + '\uE000'
	}
	return r
}

// epoch replaces a number that counts seconds, or a thousandth, millionth or billionth of them, since 1970.
func (s *side) epoch(number string) string {
	whole, _, _ := strings.Cut(number, ".")
	seconds, err := strconv.ParseInt(whole[:10], 10, 64)
	if at := time.Unix(seconds, 0); err != nil || at.Before(s.begin.Add(-slack)) || at.After(s.end.Add(slack)) {
		return number
	}
	return map[int]string{10: "⟨epoch s⟩", 13: "⟨epoch ms⟩", 16: "⟨epoch µs⟩", 19: "⟨epoch ns⟩"}[len(whole)]
}

// isNear reports whether a day is that of the session, the one before or the one after. It may be one of any time zone.
func (s *side) isNear(day time.Time) bool {
	return !day.Add(48*time.Hour).Before(s.begin) && !day.Add(-slack).After(s.end)
}

// isNow reports whether a time of day is one of the session's in some time zone: these differ by quarters of an hour.
func (s *side) isNow(minute, second string) bool {
	m, _ := strconv.Atoi(minute) // the expression has only digits
	sec, _ := strconv.Atoi(second)
	const quarter = 15 * 60
	from, to := s.begin.Add(-clockSlack).Unix(), s.end.Add(clockSlack).Unix()
	return to-from >= quarter || mod(int64(m*60+sec)-from, quarter) <= to-from
}

func mod(a, n int64) int64 { return (a%n + n) % n }

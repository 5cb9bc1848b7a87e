package store

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Keep is how long and how much is kept. A zero means without a limit.
type Keep struct {
	Age     time.Duration // of a session's detail, from its end
	Size    int64         // of the detail of all sessions, in bytes
	Content time.Duration // captured content, from when it was captured
}

// expired reports whether content that was captured at a time has been kept long enough. A time so far in the future is a
// clock's fault, and no reason to keep it.
func (k Keep) expired(captured, now time.Time) bool {
	return k.Content > 0 && now.Sub(captured).Abs() >= k.Content
}

// DigestAge is how long the digest of a session is kept, and its session.json. Detail that is kept longer keeps them.
const DigestAge = 180 * day

const day = 24 * time.Hour

// Forever is the word for no limit.
const Forever = "forever"

var (
	errKeep = errors.New(`want an age, a size or both, such as 30d,200MB, or "forever"`)
	errAge  = errors.New(`want an age such as 90m, 12h or 30d`)
)

// ParseKeep reads a list of an age and a size. One that is missing means without a limit, and "forever" stands for neither.
func ParseKeep(text string) (age time.Duration, size int64, err error) {
	if strings.EqualFold(text, Forever) {
		return 0, 0, nil
	}
	for _, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		if n, ok := parseSize(part); ok && size == 0 {
			size = n
		} else if d, err := ParseAge(part); err == nil && age == 0 {
			age = d
		} else {
			return 0, 0, errKeep
		}
	}
	return age, size, nil
}

// ParseAge reads an age, which is positive: a duration of Go's, or a number of days or weeks such as 30d and 2w.
func ParseAge(text string) (time.Duration, error) {
	text = strings.ToLower(text)
	for unit, length := range map[string]time.Duration{"d": day, "w": 7 * day} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			n, err := strconv.ParseFloat(number, 64)
			if err != nil || !(n*float64(length) >= 1) || n > math.MaxInt64/float64(2*length) {
				return 0, errAge
			}
			return time.Duration(n * float64(length)), nil
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, errAge
	}
	return d, nil
}

// parseSize reads a number of bytes with a unit: of a thousand, as disks are sold, or of 1024.
func parseSize(text string) (int64, bool) {
	text = strings.ToLower(text)
	for _, unit := range []struct {
		suffix string
		bytes  float64
	}{
		{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
		{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"b", 1},
	} {
		if number, ok := strings.CutSuffix(text, unit.suffix); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			return int64(n * unit.bytes), err == nil && n*unit.bytes >= 1 && n*unit.bytes < math.MaxInt64/2
		}
	}
	return 0, false
}

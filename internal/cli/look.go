package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/store"
)

// This file holds what the commands that look at stored sessions have in common: the flags that choose sessions, the
// session that is an argument, --json, and the errors of a store that has nothing to show.

// look returns the store that the settings name. It resolves them. At the end of the command, Main applies the limits of
// what is kept, see retain.
func (a *app) look() (*store.Store, error) {
	a.resolve()
	a.obey()
	a.warnOfLimits()
	dir := a.stateDir()
	if dir == "" {
		return nil, &usageError{errNoHome.Error(), "SPANPIPE_DIR names a directory for stored sessions"}
	}
	a.looked = &store.Store{Dir: dir, Keep: a.options.keep}
	return a.looked, nil
}

// Flags that choose sessions.
var (
	sinceFlag  = &cli.StringFlag{Name: "since", Usage: "after `TIME`: 90m, 7d, 16:00 or 2026-11-25"}
	serverFlag = &cli.StringFlag{Name: "server", Usage: "sessions of the server `NAME`; * stands for anything"}
	clientFlag = &cli.StringFlag{Name: "client", Usage: "sessions of the client `NAME`; * stands for anything"}
	failedFlag = &cli.BoolFlag{Name: "failed", DisableDefaultText: true, Usage: "only what has failed"}
	jsonFlag   = &cli.BoolFlag{Name: "json", DisableDefaultText: true, Usage: "print JSON, whose shape docs/json.md describes"}
)

// filter reads the flags that choose sessions. A command that lacks one of them leaves it empty. Without --since, usual is
// its value; it may be empty, too.
func filter(c *cli.Context, now time.Time, usual string) (store.Filter, error) {
	f := store.Filter{Server: c.String("server"), Client: c.String("client"), Failed: c.Bool("failed")}
	if text := cmp.Or(c.String("since"), usual); text != "" {
		since, ok := parseSince(text, now)
		if !ok {
			return f, &usageError{"--since " + text + ": want a duration (90m, 7d) or a time (2026-11-25, 2026-11-25T16:00)", ""}
		}
		f.Since = since
	}
	return f, nil
}

// exclusive returns an error if more than one of a command's flags is given of which only one can be obeyed.
func exclusive(c *cli.Context, flags ...string) error {
	given := slices.DeleteFunc(flags, func(name string) bool { return !c.IsSet(name) })
	if len(given) < 2 {
		return nil
	}
	return &usageError{"--" + strings.Join(given, " and --") + " exclude each other", "see: spanpipe help " + c.Command.Name}
}

// parseSince reads a time, or how long ago it was. A time without a zone is local.
func parseSince(text string, now time.Time) (time.Time, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 100_000 {
			return now.AddDate(0, 0, -n), true
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), true
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, true
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "15:04", "15:04:05"} {
		t, err := time.ParseInLocation(layout, text, now.Location())
		if err != nil {
			continue
		}
		if t.Year() == 0 { // a time of today
			t = time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), 0, now.Location())
		}
		return t, true
	}
	return time.Time{}, false
}

// findSession returns the session that an argument names; without one, the newest.
func (a *app) findSession(s *store.Store, asked string) (store.Session, error) {
	found, err := s.Find(asked)
	return found, a.storeError(s, err)
}

// storeError turns an error of the store into one with the next step.
func (a *app) storeError(s *store.Store, err error) error {
	none, ok := errors.AsType[*store.NotFound](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return &usageError{"cannot read " + a.tilde(s.Dir) + ": permission denied",
			"it belongs to another user; set SPANPIPE_DIR to a directory of your own"}
	case isFile(s.Dir): // the error of package os has no type
		return &usageError{a.tilde(s.Dir) + " is not a directory", "SPANPIPE_DIR names the directory of stored sessions"}
	case !ok:
		return fmt.Errorf("reading %s: %w", a.tilde(s.Dir), err)
	case none.Stored == 0:
		return a.nothingStored(s)
	case none.Matches > 1:
		return &usageError{none.Error(), "give more of it, or a number from: spanpipe sessions"}
	}
	return &usageError{none.Error(), "list them: spanpipe sessions"}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// nothingStored is the error of a command that has nothing to show.
func (a *app) nothingStored(s *store.Store) error {
	return &usageError{"no sessions are stored in " + a.tilde(s.Dir),
		"put spanpipe in front of your servers: spanpipe install; or use one once: SPANPIPE_TELEMETRY=local spanpipe try -- your-server"}
}

// tilde shortens a path in the home directory.
func (a *app) tilde(path string) string {
	home, _ := getenv(a.Environ, "HOME")
	if rest, ok := strings.CutPrefix(path, home+string(os.PathSeparator)); ok && home != "" {
		return "~" + string(os.PathSeparator) + rest
	}
	return path
}

// writeJSON prints a value for programs, indented as for people.
func (a *app) writeJSON(v any) error {
	e := json.NewEncoder(plainJSON{a.Stdout})
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// nowFor returns the time, in the zone in which a command shows times.
func (a *app) nowFor(c *cli.Context) time.Time {
	now := a.now()
	if c.Bool("utc") {
		return now.UTC()
	}
	return now
}

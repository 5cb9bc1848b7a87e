package top_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/internal/top"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

var update = flag.Bool("update", false, "write the golden files")

// start is when the sessions of the tests began.
var start = time.Date(2026, 11, 26, 14, 2, 0, 0, time.UTC)

// now is the time of their screens.
var now = start.Add(34*time.Minute + 21*time.Second)

// fill fills a store with a run that is live, one that has ended, and one of the day before.
func fill(t *testing.T) *store.Store {
	t.Helper()
	dir := t.TempDir()
	servers := storetest.Servers()
	code := record.Peer{Name: "claude-code", Version: "2.1.240"}
	vscode := record.Peer{Name: "Visual Studio Code", Version: "1.126.0"}
	for i, s := range []storetest.Session{
		{Server: servers[0], Client: code, Run: "a", Start: start, Calls: 118, Every: 12 * time.Second, End: storetest.Running},
		{Server: servers[1], Client: code, Run: "a", Start: start.Add(time.Second), Calls: 60, Every: 26 * time.Second, End: storetest.Running},
		{Server: servers[2], Client: code, Run: "a", Start: start.Add(2 * time.Second), Calls: 40, Every: 40 * time.Second, Open: true, End: storetest.Running},
		{Server: servers[1], Client: vscode, Run: "b", Start: start.Add(-42 * time.Minute), Calls: 18, Every: time.Minute, End: storetest.Closed},
		{Server: servers[3], Client: vscode, Run: "b", Start: start.Add(-41 * time.Minute), Calls: 33, Every: time.Minute, End: storetest.Crashed},
		{Server: servers[2], Client: code, Run: "c", Start: start.Add(-22 * time.Hour), Calls: 96, Every: time.Minute, End: storetest.Killed},
	} {
		s.Seed = uint64(i + 1)
		w, err := storetest.Make(dir, s)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = w }) // it holds the session's lock
		if s.End == storetest.Killed {
			age(t, dir, s.Start.Add(time.Duration(s.Calls)*s.Every))
		}
	}
	out := store.Open(dir)
	mcptest.Eventually(t, "the live sessions are written", func() bool { return written(t, out) })
	return out
}

// age sets when the files of the store were written last: that is when a session that was killed was last seen.
func age(t *testing.T, dir string, at time.Time) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "sessions", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

// written reports whether all that was made is in the files: running sessions write a little later.
func written(t *testing.T, s *store.Store) bool {
	t.Helper()
	all, err := s.Sessions()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i].Sum(); all[i].State == store.Live && all[i].Totals.Calls < 30 {
			return false
		}
	}
	return true
}

// look returns a model that has everything that it asks for.
func look(t *testing.T, s *store.Store, c top.Config, size top.Size) *top.Model {
	t.Helper()
	c.Now, c.HangAfter, c.Dir = now, 30*time.Second, "~/.local/state/spanpipe"
	m := top.New(c)
	m.Resize(size)
	all, err := s.Sessions()
	if err != nil {
		t.Fatal(err)
	}
	m.Take(watch.Listing(all))
	for _, one := range all {
		if one.State == store.Live {
			open(t, m, &one)
		}
	}
	answer(t, m)
	return m
}

// open passes on the operations that are open.
func open(t *testing.T, m *top.Model, s *store.Session) {
	t.Helper()
	r, err := s.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range r.Operations {
		if op.Change != record.Ended {
			m.Take(watch.Operation{Session: s.Name, Record: op})
		}
	}
}

// answer gives the model what it wants until it wants nothing.
func answer(t *testing.T, m *top.Model) {
	t.Helper()
	for {
		m.Lines()
		wants := m.Wants()
		if len(wants) == 0 {
			return
		}
		for _, w := range wants {
			m.Take(loaded(t, m, w))
		}
	}
}

func loaded(t *testing.T, m *top.Model, w watch.Want) watch.Event {
	t.Helper()
	s, _ := m.Session(w.Session)
	digest := func(s *store.Session, f func(*record.Operation)) {
		if err := s.Digest(func(op *record.Operation) bool { f(op); return true }); err != nil {
			t.Fatal(err)
		}
	}
	switch w.Kind {
	case watch.WantDetail:
		r, err := s.Load()
		return watch.Detail{Session: s.Name, Records: r, Err: err}
	case watch.WantTally:
		tally := watch.NewTally()
		for _, one := range m.Stored() {
			digest(&one, func(op *record.Operation) { tally.Add(&one, op) })
		}
		return tally
	case watch.WantOperations:
		h := watch.History{Session: s.Name}
		digest(&s, func(op *record.Operation) { h.Operations = append(h.Operations, *op) })
		return h
	case watch.WantHistory:
	}
	h := watch.NewHistory(&s)
	digest(&s, h.Add)
	return h
}

// screen returns what a model shows, and checks that each line is as wide as the screen.
func screen(t *testing.T, m *top.Model, size top.Size) string {
	t.Helper()
	lines := m.Lines()
	if len(lines) > size.Height {
		t.Errorf("%d lines on a screen of %d", len(lines), size.Height)
	}
	var b strings.Builder
	for i, l := range lines {
		whole := ""
		for _, p := range l.Pieces {
			whole += p.Text
		}
		if w := ansi.StringWidth(whole); w != size.Width {
			t.Errorf("line %d has %d columns, want %d: %q", i, w, size.Width, whole)
		}
		b.WriteString(strings.TrimRight(whole, " ") + "\n")
	}
	return b.String()
}

// golden compares a screen with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

// keys presses keys, each of which may ask for something.
func keys(t *testing.T, m *top.Model, all ...string) {
	t.Helper()
	for _, key := range all {
		m.Key(key)
		answer(t, m)
	}
}

// TestScreens compares screens with golden files, at several sizes.
func TestScreens(t *testing.T) {
	s := fill(t)
	for _, size := range []struct {
		name string
		top.Size
	}{{"80x24", top.Size{Width: 80, Height: 24}}, {"140x40", top.Size{Width: 140, Height: 40}}, {"60x15", top.Size{Width: 60, Height: 15}}} {
		for name, pressed := range map[string][]string{
			"sessions": nil,
			"run":      {"enter"},
			"call":     {"enter", "n", "enter"},
			"tools":    {"2"},
			"live":     {"3"},
			"help":     {"?"},
			"alerts":   {"!"},
		} {
			t.Run(name+"-"+size.name, func(t *testing.T) {
				m := look(t, s, top.Config{}, size.Size)
				keys(t, m, pressed...)
				golden(t, name+"-"+size.name, screen(t, m, size.Size))
			})
		}
	}
}

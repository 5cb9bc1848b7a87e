package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/lockfile"
	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
)

const day = 24 * time.Hour

// now is when the tests prune. It is the real time, since the times of files are.
var now = time.Now()

// aged makes sessions that ended so long ago, and returns their directories.
func aged(t *testing.T, dir string, end storetest.End, ago ...time.Duration) []string {
	t.Helper()
	var dirs []string
	for i, age := range ago {
		w, err := storetest.Make(dir, storetest.Session{
			Server: storetest.Servers()[i%4], Start: now.Add(-age), Calls: 20, Every: time.Second, End: end, Seed: uint64(i + 1),
		})
		if err != nil {
			t.Fatal(err)
		}
		if end == storetest.Running {
			t.Cleanup(func() { w.Close(context.Background(), nil) })
		}
		prefix := now.Add(-age).UTC().Format("20060102T150405Z")
		found, _ := filepath.Glob(filepath.Join(dir, "sessions", prefix+"-*")) // the pattern is valid
		if len(found) == 0 {
			t.Fatal("no directory ", prefix)
		}
		dirs = append(dirs, found[len(found)-1])
		touch(t, found[len(found)-1], age)
	}
	return dirs
}

// touch makes all files of a session as old as it is.
func touch(t *testing.T, dir string, age time.Duration) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.Chtimes(filepath.Join(dir, f.Name()), now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(dir, now, now.Add(-age)); err != nil {
		t.Fatal(err)
	}
}

// tree lists all that is in a directory, with sizes.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path) // it is below
		if d.IsDir() {
			all = append(all, name+"/")
		} else {
			all = append(all, fmt.Sprintf("%s %d", name, info.Size()))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

// has returns the files of a session, as the first letters of their names.
func has(dir string) string {
	files, _ := os.ReadDir(dir) // none
	var letters string
	for _, f := range files {
		letters += f.Name()[:1]
	}
	return letters
}

func prune(t *testing.T, dir string, plan store.Plan) *store.Report {
	t.Helper()
	plan.Now = now
	r, err := store.Open(dir).Prune(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func all(store.Pruned) bool { return true }

const (
	everything = "dlsst" // digest, logs, session.json, session.lock, traces
	remains    = "ds"    // digest, session.json
)

// TestRetentionByAge: detail goes first, the digest much later, and what is young stays.
func TestRetentionByAge(t *testing.T) {
	dir := t.TempDir()
	dirs := aged(t, dir, storetest.Closed, 200*day, 31*day, 29*day, time.Minute)
	before, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	r := prune(t, dir, store.Plan{Keep: store.Keep{Age: 30 * day}})
	for i, want := range []string{"", remains, everything, everything} {
		if got := has(dirs[i]); got != want {
			t.Errorf("session %d has %q, want %q", i, got, want)
		}
	}
	if len(r.Removed) != 2 || r.Removed[0].Part != store.WholePart || r.Removed[1].Part != store.DetailPart || r.Count != 3 {
		t.Errorf("%+v", r)
	}
	after, err := store.Open(dir).Sessions()
	if err != nil || len(after) != 3 {
		t.Fatal(after, err)
	}
	var was, is int64
	for _, s := range before {
		was += s.Size
	}
	for _, s := range after {
		is += s.Size
	}
	if r.Freed != was-is || r.Stored != is {
		t.Errorf("freed %d of %d, %d are left; reported are %d", was-is, was, is, r.Stored)
	}
	if s := after[2]; s.Detail || s.Totals.Operations != 22 || s.Totals.Calls != 20 || s.State != store.Ended || countRows(t, &s) != 22 {
		t.Errorf("without its detail the session is %+v", s)
	}
	if r := prune(t, dir, store.Plan{Keep: store.Keep{Age: 30 * day}}); len(r.Removed) > 0 {
		t.Errorf("the second time removes %+v", r.Removed)
	}
}

func countRows(t *testing.T, s *store.Session) int { return len(readDigest(t, s)) }

// TestRetentionBySize: the oldest detail goes until the rest fits.
func TestRetentionBySize(t *testing.T) {
	dir := t.TempDir()
	dirs := aged(t, dir, storetest.Closed, 5*day, 4*day, 3*day, 2*day)
	var sizes []int64
	for _, d := range dirs {
		var size int64
		for _, name := range []string{"traces.jsonl", "logs.jsonl"} {
			info, err := os.Stat(filepath.Join(d, name))
			if err != nil {
				t.Fatal(err)
			}
			size += info.Size()
		}
		sizes = append(sizes, size)
	}
	prune(t, dir, store.Plan{Keep: store.Keep{Size: sizes[0] + sizes[1] + sizes[2] + sizes[3]}})
	prune(t, dir, store.Plan{Keep: store.Keep{Size: sizes[2] + sizes[3]}})
	for i, want := range []string{remains, remains, everything, everything} {
		if got := has(dirs[i]); got != want {
			t.Errorf("session %d has %q, want %q", i, got, want)
		}
	}
	prune(t, dir, store.Plan{Keep: store.Keep{}})
	if got := has(dirs[3]); got != everything {
		t.Errorf("without limits, %q is left", got)
	}
}

// TestRetentionOfContent: captured content goes alone, by its own age; a time in the future does not keep it.
func TestRetentionOfContent(t *testing.T) {
	for _, test := range []struct {
		age  time.Duration
		kept bool
	}{{25 * time.Hour, false}, {23 * time.Hour, true}, {-25 * time.Hour, false}} {
		dir := t.TempDir()
		d := aged(t, dir, storetest.Closed, 2*day)[0]
		path := filepath.Join(d, "content.jsonl")
		if err := errors.Join(os.WriteFile(path, []byte("{}\n"), 0o600), os.Chtimes(path, now, now.Add(-test.age))); err != nil {
			t.Fatal(err)
		}
		r := prune(t, dir, store.Plan{Keep: store.Keep{Age: 30 * day, Content: day}})
		if got := strings.TrimPrefix(has(d), "c"); got != everything {
			t.Errorf("%q is left", got)
		}
		if _, err := os.Stat(path); (err == nil) != test.kept {
			t.Errorf("%v old: kept %v", test.age, err == nil)
		}
		if !test.kept && (len(r.Removed) != 1 || r.Removed[0].Part != store.ContentPart || r.Freed != 3) {
			t.Errorf("%+v", r)
		}
	}
}

// TestRetentionOfHalfExpired: what a kill during the expiry of content leaves of it expires, too.
func TestRetentionOfHalfExpired(t *testing.T) {
	dir := t.TempDir()
	d := aged(t, dir, storetest.Killed, 2*day)[0]
	path := filepath.Join(d, "content.jsonl.tmp")
	if err := errors.Join(os.WriteFile(path, []byte("{}\n"), 0o600), os.Chtimes(path, now, now.Add(-25*time.Hour))); err != nil {
		t.Fatal(err)
	}
	prune(t, dir, store.Plan{Keep: store.Keep{Age: 30 * day, Content: day}})
	if got := has(d); got != everything {
		t.Errorf("%q is left", got)
	}
}

// TestLiveIsLeft: what lives, or may live, is never touched, and named if it was chosen.
func TestLiveIsLeft(t *testing.T) {
	dir := t.TempDir()
	live := aged(t, dir, storetest.Running, 60*day)[0]
	killed := aged(t, dir, storetest.Killed, 40*day, 1*time.Hour)
	unknown := aged(t, dir, storetest.Killed, 45*day, 2*time.Hour)
	for i, d := range unknown { // files cannot be locked there: what is no file is like that
		path := filepath.Join(d, "session.lock")
		if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
			t.Fatal(err)
		}
		touch(t, d, []time.Duration{45 * day, 2 * time.Hour}[i])
	}
	prune(t, dir, store.Plan{Keep: store.Keep{Age: time.Minute, Size: 1}})
	for d, want := range map[string]string{
		live: everything, killed[0]: remains, killed[1]: everything, unknown[0]: remains, unknown[1]: everything,
	} {
		if got := has(d); got != want {
			t.Errorf("the retention leaves %q of %s, want %q", got, filepath.Base(d), want)
		}
	}
	r := prune(t, dir, store.Plan{Whole: all})
	var left []string
	for _, p := range r.Left {
		left = append(left, p.Name+": "+p.Left[:4])
	}
	want := []string{filepath.Base(live) + ": live", filepath.Base(unknown[1]) + ": may "}
	if !slices.Equal(left, want) || len(r.Removed) != 3 || r.Count != 2 {
		t.Errorf("left are %q, want %q; %d removed", left, want, len(r.Removed))
	}
	if has(live) != everything || has(unknown[1]) != everything || has(killed[0])+has(killed[1]) != "" {
		t.Error(tree(t, dir))
	}
}

// TestStartingIsLeft: a session whose directory exists and nothing else may be about to start.
func TestStartingIsLeft(t *testing.T) {
	dir := t.TempDir()
	starting := filepath.Join(dir, "sessions", now.UTC().Format("20060102T150405Z")+"-0123ab")
	if err := os.MkdirAll(starting, 0o700); err != nil {
		t.Fatal(err)
	}
	if r := prune(t, dir, store.Plan{Whole: all}); len(r.Left) != 1 || len(r.Removed) > 0 {
		t.Errorf("%+v", r)
	}
	touch(t, starting, time.Hour)
	if r := prune(t, dir, store.Plan{Whole: all}); len(r.Left) > 0 || len(r.Removed) != 1 {
		t.Errorf("an hour later: %+v", r)
	}
}

// TestNewerVersion: the retention leaves sessions of a later version alone, since it does not know what their files are.
func TestNewerVersion(t *testing.T) {
	dir := t.TempDir()
	d := aged(t, dir, storetest.Closed, 300*day)[0]
	path := filepath.Join(d, "session.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), `"format": 1`, `"format": 2`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	prune(t, dir, store.Plan{Keep: store.Keep{Age: day, Size: 1, Content: day}})
	if got := has(d); got != everything {
		t.Errorf("%q is left", got)
	}
	if r := prune(t, dir, store.Plan{Whole: all}); len(r.Removed) != 1 || has(d) != "" {
		t.Errorf("%+v", r)
	}
}

// TestPruneStaysInside: symbolic links are not followed, and what is not the store's is left alone.
func TestPruneStaysInside(t *testing.T) {
	needsUnix(t)
	dir, elsewhere := t.TempDir(), t.TempDir()
	inside := aged(t, dir, storetest.Closed, 300*day)[0]
	outside := aged(t, elsewhere, storetest.Closed, 300*day)[0]
	link := filepath.Join(dir, "sessions", "20200101T000000Z-0123ab")
	for _, err := range []error{
		os.Symlink(outside, link),
		os.Symlink(outside, filepath.Join(inside, "linked")),
		os.Remove(filepath.Join(inside, "traces.jsonl")),
		os.Symlink(filepath.Join(outside, "traces.jsonl"), filepath.Join(inside, "traces.jsonl")),
		os.Mkdir(filepath.Join(dir, "sessions", "backup"), 0o700),
		os.WriteFile(filepath.Join(dir, "sessions", "backup", "session.json"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "sessions", "20200101T000000Z-0123ac"), nil, 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	before := tree(t, elsewhere)
	for _, plan := range []store.Plan{{Keep: store.Keep{Age: day}}, {Whole: all}} {
		prune(t, dir, plan)
		if after := tree(t, elsewhere); after != before {
			t.Errorf("outside is left\n%s\nof\n%s", after, before)
		}
	}
	if has(inside) != "" {
		t.Error(tree(t, dir))
	}
	for _, name := range []string{"20200101T000000Z-0123ab", "20200101T000000Z-0123ac", "backup/session.json"} {
		if _, err := os.Lstat(filepath.Join(dir, "sessions", name)); err != nil {
			t.Error(err)
		}
	}
	if err := errors.Join(os.Remove(link), os.RemoveAll(filepath.Join(dir, "sessions")),
		os.Symlink(filepath.Join(elsewhere, "sessions"), filepath.Join(dir, "sessions"))); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(dir).Prune(t.Context(), store.Plan{Whole: all, Now: now}); err == nil {
		t.Error("the link was followed")
	}
	if after := tree(t, elsewhere); after != before {
		t.Errorf("outside is left\n%s", after)
	}
}

// TestDryRun: nothing changes, and the report is that of the real run.
func TestDryRun(t *testing.T) {
	dir := t.TempDir()
	aged(t, dir, storetest.Closed, 200*day, 31*day, day)
	before := tree(t, dir)
	plan := store.Plan{Keep: store.Keep{Age: 30 * day}, DryRun: true}
	dry := prune(t, dir, plan)
	if after := tree(t, dir); after != before {
		t.Errorf("%s\nhas become\n%s", before, after)
	}
	plan.DryRun = false
	if run := prune(t, dir, plan); fmt.Sprint(*run) != fmt.Sprint(*dry) {
		t.Errorf("%+v, and then %+v", dry, run)
	}
	if r := prune(t, filepath.Join(dir, "none"), store.Plan{Whole: all}); len(r.Removed) > 0 || r.Count != 0 {
		t.Errorf("a store that does not exist: %+v", r)
	}
}

// TestOnePrunes: while a process prunes, another does not.
func TestOnePrunes(t *testing.T) {
	dir := t.TempDir()
	aged(t, dir, storetest.Closed, 40*day)
	lock, err := os.OpenFile(filepath.Join(dir, "prune.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = lockfile.Try(lock)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(dir).Prune(t.Context(), store.Plan{Whole: all, Now: now}); !errors.Is(err, store.ErrPruning) {
		t.Error(err)
	}
	_ = lock.Close()
	if r := prune(t, dir, store.Plan{Whole: all}); len(r.Removed) != 1 {
		t.Errorf("%+v", r)
	}
}

// TestRetain: the retention runs about once an hour. Where the clock seems to have jumped, it waits for a second look.
func TestRetain(t *testing.T) {
	dir := t.TempDir()
	keep := store.Keep{Age: 30 * day}
	step := func(what string, at time.Duration, want int) {
		t.Helper()
		r, err := (&store.Store{Dir: dir, Keep: keep}).Retain(t.Context(), now.Add(at))
		if err != nil || len(r.Removed) != want {
			t.Errorf("%s: %d sessions were removed, want %d; %v", what, len(r.Removed), want, err)
		}
	}
	aged(t, dir, storetest.Closed, 40*day)
	step("the first time", 0, 1)
	aged(t, dir, storetest.Closed, 41*day)
	step("half an hour later", 30*time.Minute, 0)
	step("an hour later", time.Hour, 1)
	aged(t, dir, storetest.Closed, day)
	step("a year later", 365*day, 0)
	step("back again", 2*time.Hour, 0)
	step("two months later", 60*day, 0)
	step("an hour after that", 60*day+time.Hour, 1)
}

// TestRetainBeside: a session runs the retention by itself, and a second one does not.
func TestRetainBeside(t *testing.T) {
	dir := t.TempDir()
	old := aged(t, dir, storetest.Closed, 40*day)[0]
	w := store.Create(store.Config{
		Dir: dir, Origin: origin(), Keep: store.Keep{Age: 30 * day}, Meta: store.Meta{Launched: time.Now()},
	})
	defer w.Close(t.Context(), nil)
	mcptest.Eventually(t, "old detail is removed", func() bool { return has(old) == remains })
	mcptest.Eventually(t, "that is noted", func() bool { return !store.Open(dir).Due(time.Now()) })
}

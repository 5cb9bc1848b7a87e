package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// storeMetas makes sessions that have only a session.json.
func storeMetas(t *testing.T, dir string, sessions map[string]string) {
	t.Helper()
	for name, meta := range sessions {
		path := filepath.Join(dir, "sessions", name)
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, "session.json"), []byte(meta), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFind: a session is found by number, by "last", and by the beginning of its name or id if that is unique.
func TestFind(t *testing.T) {
	dir := storeDir(t)
	s := store.Open(dir)
	if _, err := s.Find("last"); err == nil || err.Error() != "no sessions are stored" {
		t.Errorf("in a store that does not exist: %v", err)
	}
	storeMetas(t, dir, map[string]string{
		"20261126T100000Z-aaaaaa": `{"format":1,"id":"11aa","launched":"2026-11-26T10:00:00.7Z"}`,
		"20261126T100000Z-bbbbbb": `{"format":1,"id":"11bb","launched":"2026-11-26T10:00:00.2Z"}`,
		"20261125T100000Z-cccccc": `{"format":1,"id":"22cc","launched":"2026-11-25T10:00:00Z"}`,
	})
	for asked, want := range map[string]string{
		"": "aaaaaa", "last": "aaaaaa", // of the same second the later one
		"20261125": "cccccc", "20261126T100000Z-b": "bbbbbb", "22c": "cccccc", "11b": "bbbbbb",
		"1": "aaaaaa", "3": "cccccc", // without a listing all are numbered
		"20261126": "2 sessions", "4": "ended at 3", "x": `no session "x"`, "0": "ended at 3",
		"2": "bbbbbb", "22": "ended at 3", "11": "ended at 3", // not the id's beginning, of a session that the user has not looked at
		"20261126T100000Z-aaaaaa": "aaaaaa",
	} {
		one, err := s.Find(asked)
		if got := one.Name + fmt.Sprint(err); !strings.Contains(got, want) {
			t.Errorf("%q is %s, want %s", asked, got, want)
		}
		var none *store.NotFound
		if err != nil && !errors.As(err, &none) {
			t.Errorf("%q: %T", asked, err)
		}
	}
	all, err := s.Sessions()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.List(all[2:]); err != nil {
		t.Fatal(err)
	}
	if one, err := s.Find("1"); err != nil || one.Name != "20261125T100000Z-cccccc" {
		t.Errorf("number 1 of the listing is %s: %v", one.Name, err)
	}
	if err := os.RemoveAll(all[2].Dir); err != nil {
		t.Fatal(err)
	}
	if one, err := s.Find("1"); err == nil || err.Error() != "session 1 of the last listing was removed" {
		t.Errorf("the number of a session that was removed is %q: %v", one.Name, err)
	}
}

// TestListIsPrivate: the file of the listing is for the user alone, and a symbolic link in its place is not followed.
func TestListIsPrivate(t *testing.T) {
	dir := storeDir(t)
	s := store.Open(dir)
	path, other := filepath.Join(dir, "listing"), filepath.Join(t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(other, path); err != nil {
		t.Skip(err) // on Windows it needs a privilege
	}
	if err := s.List([]store.Session{{Name: "one"}}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(other); err != nil || string(text) != "mine" {
		t.Errorf("the link was followed: %s, %v", text, err)
	}
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files, %v", len(entries), err)
	}
}

// TestSessionsAreDirectories: what else is in the directory of sessions is none, a symbolic link to one included.
func TestSessionsAreDirectories(t *testing.T) {
	dir, elsewhere := storeDir(t), storeDir(t)
	meta := `{"format":1,"id":"x","launched":"2026-11-26T10:00:00Z"}`
	storeMetas(t, dir, map[string]string{"20261126T100000Z-aaaaaa": meta})
	storeMetas(t, elsewhere, map[string]string{"20261126T100000Z-bbbbbb": meta})
	sessions := filepath.Join(dir, "sessions")
	if err := os.Symlink(filepath.Join(elsewhere, "sessions", "20261126T100000Z-bbbbbb"), filepath.Join(sessions, "20261126T100000Z-bbbbbb")); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{"backup", "20261126T100000Z-\u009b31m"} { // not named as a session is
		if err := os.Mkdir(filepath.Join(sessions, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(sessions, ".DS_Store"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := store.Open(dir).Sessions()
	if err != nil || len(all) != 1 {
		t.Errorf("%d sessions, %v", len(all), err)
	}
}

// TestSessionsOfALink: sessions that are elsewhere are none of this store's.
func TestSessionsOfALink(t *testing.T) {
	dir, elsewhere := storeDir(t), storeDir(t)
	storeMetas(t, elsewhere, map[string]string{"20261126T100000Z-bbbbbb": `{"format":1,"id":"x"}`})
	if err := os.Symlink(filepath.Join(elsewhere, "sessions"), filepath.Join(dir, "sessions")); err != nil {
		t.Skip(err)
	}
	if all, err := store.Open(dir).Sessions(); err == nil || len(all) > 0 {
		t.Errorf("%d sessions, %v", len(all), err)
	}
	if one, err := store.Open(dir).Find("last"); err == nil {
		t.Error(one.Dir)
	}
}

// TestSelect: the filter's fields, alone and together.
func TestSelect(t *testing.T) {
	dir := storeDir(t)
	const at = `"launched":"2026-11-26T10:00:00Z","ended":"2026-11-26T11:00:00Z","exit":{"ended_by":"client"}`
	storeMetas(t, dir, map[string]string{
		"20261126T100000Z-aaaaaa": `{"format":1,"service":"mcp-github","server":{"name":"GitHub"},"client":{"name":"claude-code"},"totals":{"failed":2},` + at + `}`,
		"20261126T100000Z-bbbbbb": `{"format":1,"service":"files","client":{"name":"Visual Studio Code"},` + at + `}`,
	})
	noon := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		filter store.Filter
		want   string
	}{
		{store.Filter{}, "ab"}, {store.Filter{Server: "github"}, "a"}, {store.Filter{Server: "mcp-github"}, "a"},
		{store.Filter{Server: "git*"}, "a"}, {store.Filter{Server: "*hub"}, "a"}, {store.Filter{Server: "*t*u*"}, "a"},
		{store.Filter{Server: "hub"}, ""}, {store.Filter{Server: "git*hub*x"}, ""}, {store.Filter{Server: "*"}, "ab"},
		{store.Filter{Client: "visual*code"}, "b"}, {store.Filter{Server: "files", Client: "claude*"}, ""},
		{store.Filter{Failed: true}, "a"}, {store.Filter{Since: noon}, ""}, {store.Filter{Since: noon.Add(-90 * time.Minute)}, "ab"},
	} {
		chosen, err := store.Open(dir).Select(tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range chosen {
			got = append(got, s.Name[len(s.Name)-1:])
		}
		if slices.Sort(got); strings.Join(got, "") != tt.want {
			t.Errorf("%+v chooses %q, want %q", tt.filter, got, tt.want)
		}
	}
}

// TestGroup: servers of one client process belong together, whatever comes between them; others stand alone.
func TestGroup(t *testing.T) {
	at := func(minute int, run, name string) store.Session {
		return store.Session{Name: name, State: store.Ended, Meta: store.Meta{
			Run: run, Launched: epoch.Add(time.Duration(minute) * time.Minute), Ended: epoch.Add(time.Duration(minute+10) * time.Minute),
			Client: record.Peer{Name: "client-" + run}, Service: name,
		}}
	}
	live := at(1, "x", "2")
	live.State = store.Live
	runs := store.Group([]store.Session{at(9, "y", "6"), at(5, "x", "5"), at(4, "", "4"), at(3, "y", "3"), live, at(0, "", "1")})
	var got []string
	for _, r := range runs {
		line := r.ID + ":"
		for _, s := range r.Sessions {
			line += s.Name
		}
		got = append(got, line)
	}
	if want := []string{"y:36", "x:25", ":4", ":1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if r := runs[0]; !r.Started.Equal(epoch.Add(3*time.Minute)) || r.Client.Name != "client-y" {
		t.Errorf("%+v", r)
	}
	var numbers string
	for _, s := range store.Numbered(runs) {
		numbers += s.Name
	}
	if numbers != "362541" {
		t.Errorf("numbered as %s", numbers)
	}
}

package admin_test

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/admin"
)

// announced serves a page and lists it in a directory.
func announced(t *testing.T, address, dir, id string) *admin.Server {
	t.Helper()
	s := serve(t, address, well)
	if err := s.Announce(dir, id, map[string]string{"service_name": "server of " + id}); err != nil {
		t.Fatal(err)
	}
	return s
}

// group is an element of what a file of Prometheus' file discovery holds.
type group struct {
	Targets []string
	Labels  map[string]string
}

// listed returns what Prometheus finds in a directory, by file.
func listed(t *testing.T, dir string) map[string]group {
	t.Helper()
	found := map[string]group{}
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var groups []group
		if err := json.Unmarshal(text, &groups); err != nil || len(groups) != 1 {
			t.Fatalf("%s holds %q: %v", path, text, err)
		}
		found[filepath.Base(path)] = groups[0]
	}
	return found
}

// names returns the names of all files in a directory.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// TestAnnounce lists two servers, each in a file of its own that ends with it.
func TestAnnounce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "targets")
	a, b := announced(t, "127.0.0.1:0", dir, "a"), announced(t, "127.0.0.1:0", dir, "b")
	want := map[string]group{
		"spanpipe-a.json": {[]string{a.Addr().String()}, map[string]string{"service_name": "server of a"}},
		"spanpipe-b.json": {[]string{b.Addr().String()}, map[string]string{"service_name": "server of b"}},
	}
	if got := listed(t, dir); !reflect.DeepEqual(got, want) {
		t.Errorf("listed are %v, want %v", got, want)
	}
	if runtime.GOOS != "windows" {
		for path, want := range map[string]os.FileMode{
			filepath.Dir(dir): os.ModeDir | 0o700, dir: os.ModeDir | 0o700,
			filepath.Join(dir, "spanpipe-a.json"): 0o600, filepath.Join(dir, "spanpipe-a.lock"): 0o600,
		} {
			if info, err := os.Stat(path); err != nil || info.Mode() != want {
				t.Errorf("the mode of %s is %v, want %v (%v)", path, info.Mode(), want, err)
			}
		}
	}
	a.Close(t.Context())
	delete(want, "spanpipe-a.json")
	if got := listed(t, dir); !reflect.DeepEqual(got, want) {
		t.Errorf("listed are %v, want %v", got, want)
	}
	b.Close(t.Context())
	if left := names(t, dir); len(left) > 0 { // the directory was made by a, when b did not need it
		t.Errorf("left behind: %q", left)
	}
	other := filepath.Join(filepath.Dir(filepath.Dir(dir)), "other", "targets")
	announced(t, "127.0.0.1:0", other, "a").Close(t.Context())
	if _, err := os.Lstat(filepath.Dir(other)); !os.IsNotExist(err) {
		t.Errorf("the directories that it had to make are left behind (%v)", err)
	}
}

// TestAnnouncedAddress is where a Prometheus on this machine finds the page, if it can.
func TestAnnouncedAddress(t *testing.T) {
	for address, want := range map[string]string{":0": "localhost:", "0.0.0.0:0": "localhost:", "127.0.0.1:0": "127.0.0.1:"} {
		dir := t.TempDir()
		s := announced(t, address, dir, "a")
		got := listed(t, dir)["spanpipe-a.json"].Targets
		if len(got) != 1 || !strings.HasPrefix(got[0], want) || strings.HasSuffix(got[0], ":0") {
			t.Errorf("%s is listed as %q", address, got)
		}
		s.Close(t.Context())
	}
	dir := t.TempDir()
	announced(t, "unix:"+socketPath(t), dir, "a")
	if got := names(t, dir); len(got) > 0 {
		t.Errorf("a unix socket is listed: %q", got)
	}
}

// TestDeadEntries: what killed processes have left behind goes, and nothing else.
func TestDeadEntries(t *testing.T) {
	dir := t.TempDir()
	alive := announced(t, "127.0.0.1:0", dir, "alive")
	old := time.Now().Add(-time.Hour)
	for name, when := range map[string]time.Time{
		"spanpipe-killed.json": time.Now(), "spanpipe-killed.lock": time.Now(), "spanpipe-lockless.json": time.Now(),
		"spanpipe-early.lock": old, "spanpipe-torn.json.tmp": old,
		"spanpipe-starting.lock": time.Now(), "spanpipe-starting.json.tmp": time.Now(),
		"mine.json": old, "spanpipe.json": old, "other-killed.lock": old,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("[]"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	announced(t, "127.0.0.1:0", dir, "next")
	want := []string{
		"mine.json", "other-killed.lock", "spanpipe-alive.json", "spanpipe-alive.lock", "spanpipe-next.json", "spanpipe-next.lock",
		"spanpipe-starting.json.tmp", "spanpipe-starting.lock", "spanpipe.json",
	}
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("left are %q\nwant %q", got, want)
	}
	alive.Close(t.Context())
}

// TestAnnounceFails: a directory that cannot be used is an error, and the page is served all the same.
func TestAnnounceFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, "127.0.0.1:0", well)
	if err := s.Announce(filepath.Join(file, "targets"), "a", nil); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("the error is %v, want one with the path", err)
	}
	if got, _ := get(t, s, "localhost", "/healthz"); got != 200 {
		t.Errorf("/healthz: %d", got)
	}
}

// TestFreePort: only a port that another process has is replaced.
func TestFreePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	taken := l.Addr().String()
	_, inUse := admin.Listen(taken)
	other, ok := admin.FreePort(taken, inUse)
	if !ok || other != "127.0.0.1:0" {
		t.Errorf("for %v it is %q, %v", inUse, other, ok)
	}
	s, err := admin.Listen(other)
	if err != nil {
		t.Fatal(err)
	}
	s.Close(context.Background())
	_, invalid := admin.Listen("what is this")
	for addr, err := range map[string]error{taken: nil, "127.0.0.1:1": invalid, "unix:" + taken: inUse, "/run:1": inUse} {
		if other, ok := admin.FreePort(addr, err); ok {
			t.Errorf("for %s and %v it is %q", addr, err, other)
		}
	}
}

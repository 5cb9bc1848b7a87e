package store_test

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/definitions"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

const textsID = "0123456789abcdef"

// texts keeps texts of definitions.
type texts struct {
	t   *testing.T
	dir string
	store.Keep
}

// list is a session in which tools are listed, each as "name:text", as if so long ago.
func (k *texts) list(ago time.Duration, service string, tools ...string) {
	k.t.Helper()
	s := &store.Store{Dir: k.dir, Keep: k.Keep}
	d, err := s.OpenDefinitions(store.DefinitionsConfig{
		ID: textsID, Service: service, Key: []byte("key"), Check: "check", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		k.t.Fatal(err)
	}
	o := definitions.Observation{Time: now.Add(-ago), Kind: record.ToolDefinition, Whole: true}
	for _, tool := range tools {
		name, text, _ := strings.Cut(tool, ":")
		of := record.Fingerprint{Name: name, Description: fmt.Sprint(len(text), text[:min(len(text), 3)])}
		o.Definitions = append(o.Definitions, record.Definition{Kind: o.Kind, Name: name, Fingerprint: of})
		o.Texts = append(o.Texts, definitions.Text{
			Form: definitions.Form{Kind: o.Kind, Fingerprint: of}, Captured: o.Time, Text: text,
		})
	}
	d.Observed(o)
	d.Close(k.t.Context())
}

// kept returns the texts that can be read, sorted.
func (k *texts) kept() string {
	k.t.Helper()
	found, err := (&store.Store{Dir: k.dir, Keep: k.Keep}).DefinitionTexts(textsID, now)
	if err != nil {
		k.t.Fatal(err)
	}
	var all []string
	for t := range maps.Values(found) {
		all = append(all, t.Text)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (k *texts) path() string { return filepath.Join(k.dir, "definitions", textsID+".texts.json") }

// file returns what the file holds, or "" if there is none.
func (k *texts) file() string {
	text, _ := os.ReadFile(k.path())
	return string(text)
}

// TestDefinitionTexts: the texts of the present form and of the one before are kept in a file for the user alone, and no older ones.
func TestDefinitionTexts(t *testing.T) {
	k := &texts{t: t, dir: t.TempDir()}
	for _, step := range []struct{ tool, want string }{
		{"a:one", "one same"}, {"a:one", "one same"}, {"a:two", "one same two"}, {"a:six", "same six two"},
	} {
		k.list(0, "svc", step.tool, "b:same")
		if got := k.kept(); got != step.want {
			t.Errorf("after %s kept is %q, want %q", step.tool, got, step.want)
		}
	}
	if info, err := os.Stat(k.path()); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	if all, err := store.Open(k.dir).Defined(); len(all) != 1 || err != nil || all[0].Problem != nil {
		t.Errorf("the file of texts is taken for a server: %v, %v", all, err)
	}
	for _, damage := range []string{"", "{", `{"version":0}`, strings.Repeat("x", 2<<20)} {
		if err := os.WriteFile(k.path(), []byte(damage), 0o600); err != nil {
			t.Fatal(err)
		}
		k.list(0, "svc", "a:six", "b:same")
		if got := k.kept(); got != "same six" {
			t.Errorf("after damage kept is %q", got)
		}
	}
}

// TestDefinitionTextsExpire: a text is shown for as long as captured content is kept since it was captured last. Reading removes
// it from the file, and so does the retention.
func TestDefinitionTextsExpire(t *testing.T) {
	for _, way := range []string{"read", "prune"} {
		k := &texts{t: t, dir: t.TempDir(), Keep: store.Keep{Content: day}}
		expire := func() {
			if way == "read" {
				k.kept()
			} else {
				prune(t, k.dir, store.Plan{Keep: k.Keep})
			}
		}
		if _, err := storetest.Make(k.dir, storetest.Session{Server: storetest.Servers()[0], Start: now, Calls: 1, End: storetest.Closed}); err != nil {
			t.Fatal(err)
		}
		k.list(30*time.Hour, "svc", "a:old", "b:same")
		k.list(20*time.Hour, "svc", "a:new", "b:same")
		if !strings.Contains(k.file(), "old") || !strings.Contains(k.file(), "new") {
			t.Fatalf("%s: the file is %q", way, k.file())
		}
		expire()
		if strings.Contains(k.file(), "old") || k.kept() != "new same" {
			t.Errorf("%s: after a day the file is %q", way, k.file())
		}
		k.Content = 10 * time.Hour
		expire()
		if k.file() != "" || k.kept() != "" {
			t.Errorf("%s: when all has expired the file is %q", way, k.file())
		}
	}
}

// TestDefinitionTextsExpireInSession: a session that runs removes texts once they have expired, at most a 24th of that time late,
// and does so again for those that are listed later.
func TestDefinitionTextsExpireInSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const kept = 12 * time.Hour
		k := &texts{t: t, dir: t.TempDir(), Keep: store.Keep{Content: kept}}
		d, err := (&store.Store{Dir: k.dir, Keep: k.Keep}).OpenDefinitions(store.DefinitionsConfig{
			ID: textsID, Service: "svc", Key: []byte("key"), Check: "check", Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close(t.Context())
		wants := func(after time.Duration, want bool) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if got := strings.Contains(k.file(), "harmless"); got != want {
				t.Errorf("after another %v the text is kept: %v", after, got)
			}
		}
		for range 2 {
			of := record.Fingerprint{Name: "a", Description: "harmless"}
			d.Observed(definitions.Observation{
				Time: time.Now(), Kind: record.ToolDefinition,
				Definitions: []record.Definition{{Kind: record.ToolDefinition, Name: "a", Fingerprint: of}},
				Texts: []definitions.Text{{
					Form: definitions.Form{Kind: record.ToolDefinition, Fingerprint: of}, Captured: time.Now(), Text: "harmless",
				}},
			})
			wants(kept-time.Minute, true)
			wants(kept/24+2*time.Minute, false)
		}
	})
}

// TestDefinitionTextsSeenAgain: a text that is captured again is kept from then on, though nothing has changed.
func TestDefinitionTextsSeenAgain(t *testing.T) {
	k := &texts{t: t, dir: t.TempDir(), Keep: store.Keep{Content: day}}
	k.list(40*time.Hour, "svc", "a:one")
	k.list(23*time.Hour, "svc", "a:one")
	if got := k.kept(); got != "one" {
		t.Errorf("what was captured again is %q", got)
	}
}

// TestDefinitionTextsBounds: a server's texts take a mebibyte at most, and those of what has changed come first.
func TestDefinitionTextsBounds(t *testing.T) {
	k := &texts{t: t, dir: t.TempDir()}
	var tools []string
	for i := range 40 {
		tools = append(tools, fmt.Sprintf("t%d:%03d%s", i, i, strings.Repeat("\x01<", 20<<10)))
	}
	k.list(0, "svc", append(tools, "last:one")...)
	k.list(0, "svc", append(tools, "last:two")...)
	if size := len(k.file()); size > 1<<20 || size < 1<<19 {
		t.Errorf("the file has %d bytes", size)
	}
	if got := k.kept(); !strings.Contains(got, "two") {
		t.Error("what has changed has no room")
	}
}

// TestPruneDefinitionTexts: sessions that the user removes take the texts of their server with them; others' stay.
func TestPruneDefinitionTexts(t *testing.T) {
	k := &texts{t: t, dir: t.TempDir()}
	if _, err := storetest.Make(k.dir, storetest.Session{
		Server: storetest.Servers()[0], Start: now.Add(-time.Hour), Calls: 1, End: storetest.Closed,
	}); err != nil {
		t.Fatal(err)
	}
	all, err := store.Open(k.dir).Sessions()
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	for _, service := range []string{"another", all[0].Service} {
		k.list(0, service, "a:"+service) // a text of its own: else nothing is written
		killed := k.path() + ".0123.tmp"
		if err := os.WriteFile(killed, []byte("left"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(killed, now, now.Add(-2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		chosen := service == all[0].Service
		prune(t, k.dir, store.Plan{Whole: func(store.Pruned) bool { return chosen }})
		if gone := k.file() == ""; gone != chosen {
			t.Errorf("the texts of %s are removed: %v", service, gone)
		}
		if _, err := os.Stat(killed); err == nil {
			t.Error("what a process has left that was killed is there")
		}
	}
}

package store_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// What testdata/format1 holds: a session that a client closed, and one whose spanpipe was killed.
const (
	closedSession = "20261128T135802Z-2b041c"
	killedSession = "20261128T135806Z-319d05"
	format1ID     = "3efbe13611c8c534" // of the server's definitions
)

// format1 returns a copy of a store as version 0.1.0 wrote it. The files of testdata/format1 are never written anew: users have
// such stores.
func format1(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "store")
	if err := os.CopyFS(dir, os.DirFS("testdata/format1")); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// found returns a session of a store.
func found(t *testing.T, dir, name string) *store.Session {
	t.Helper()
	all, err := store.Open(dir).Sessions()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i].Name == name {
			return &all[i]
		}
	}
	t.Fatalf("there is no session %s among %d", name, len(all))
	return nil
}

// TestFormat1: what version 0.1.0 stored can be read: sessions with their operations, content and findings, digests,
// definitions with their texts, and what is remembered of the server.
func TestFormat1(t *testing.T) {
	dir := format1(t)
	one := found(t, dir, closedSession)
	if one.Problem != "" || one.State != store.Ended || one.Server.Name != "demo-server" || one.Client.Version != "2.1.240" ||
		one.Protocol != "2025-11-25" || one.Version != "0.1.0" || !one.Content || !one.Detail {
		t.Errorf("%+v", one)
	}
	if one.Totals.Calls != 5 || one.Totals.Failed != 1 || one.Totals.Cancelled != 1 || one.Exit.Cause != record.ClientLeft {
		t.Errorf("%+v, %+v", one.Totals, one.Exit)
	}
	records, err := one.Load()
	if err != nil {
		t.Fatal(err)
	}
	const operations = "initialize tools/list get_forecast book_hotel:rate_limited no_such_tool resources/read watch_prices ping"
	if got := named(records.Operations); got != operations || records.Damaged != 0 {
		t.Errorf("the operations are %s; %d lines are damaged", got, records.Damaged)
	}
	if got := records.Operations[2].Content.Arguments; !strings.Contains(got, "Lisbon") {
		t.Errorf("the arguments are %s", got)
	}
	if all := one.Findings(); len(all) != 1 || all[0].Target() != "no_such_tool" {
		t.Errorf("the findings are %v", all)
	}
	var digest []record.Operation
	if err := one.Digest(func(op *record.Operation) bool { digest = append(digest, *op); return true }); err != nil {
		t.Fatal(err)
	}
	if got := named(digest); got != operations || len(digest[1].Definitions) != 5 || digest[1].Definitions[0].Size != 101 {
		t.Errorf("the digest has %s", got)
	}
	killed := found(t, dir, killedSession)
	killed.Sum()
	if killed.State != store.Killed || killed.Problem != "" || killed.Totals.Operations != 2 {
		t.Errorf("%+v", killed)
	}
}

// named names operations and classes of failures.
func named(all []record.Operation) string {
	var names []string
	for _, op := range all {
		name := op.Target
		if name == "" {
			name = op.Method
		}
		if op.ErrorType == "tool_error" {
			name += ":" + string(op.Class)
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// TestFormat1OfServers: what version 0.1.0 stored about a server can be read.
func TestFormat1OfServers(t *testing.T) {
	s := store.Open(format1(t))
	defined, err := s.Defined()
	if err != nil || len(defined) != 1 || defined[0].Problem != nil || len(defined[0].Known) != 5 || defined[0].Service != "spanpipe" {
		t.Fatalf("%+v, %v", defined, err)
	}
	texts, err := s.DefinitionTexts(defined[0].ID, time.Now())
	if err != nil || len(texts) != 5 {
		t.Errorf("%v, %v", texts, err)
	}
	p, err := s.Past(t.Context(), "spanpipe")
	if err != nil || p.Sessions != 1 || p.Calls != 5 || p.Targets[past.Key{Kind: past.Tool, Name: "book_hotel"}].Failed != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

// later makes files of a version that this program does not know.
func later(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// Members that this version knows have other types there.
		shape := regexp.MustCompile(`"(format|version)": ?1`).ReplaceAllString(string(text), `"${1}":2,"totals":[],"targets":7,"definitions":{},"texts":{}`)
		if shape = strings.Replace(shape, `"version": "0.1.0"`, `"version": "2.0.0"`, 1); shape == string(text) {
			t.Fatal("nothing has changed in ", name)
		}
		if err := os.WriteFile(path, []byte(shape), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLaterVersion: an older spanpipe that meets what a later one has stored says so in one line, reads what it can, and changes
// none of it: not by the retention, not by a session of the same server.
func TestLaterVersion(t *testing.T) {
	dir := format1(t)
	session, pastFile := "sessions/"+closedSession+"/session.json", "past/16d1802f01359b1f.json"
	definitionsFile, textsFile := "definitions/"+format1ID+".json", "definitions/"+format1ID+".texts.json"
	later(t, dir, session, "sessions/"+killedSession+"/session.json", pastFile, definitionsFile, textsFile)
	digest := filepath.Join(dir, "sessions", closedSession, "digest")
	text, err := os.ReadFile(digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(digest, append([]byte("SPDIGEST2"), text[len("SPDIGEST1"):]...), 0o600); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)

	const problem = "written by a later version of spanpipe, 2.0.0, and can be read only in part"
	for _, name := range []string{closedSession, killedSession} {
		one := found(t, dir, name)
		one.Sum()
		if one.Problem != problem || one.Server.Name != "demo-server" || one.Totals.Operations == 0 {
			t.Errorf("%+v", one)
		}
		if records, err := one.Load(); err != nil || len(records.Operations) == 0 {
			t.Errorf("%v, %v", records, err)
		}
	}
	s := &store.Store{Dir: dir, Keep: store.Keep{Age: time.Nanosecond, Size: 1}}
	wantLater(t, definitionsFile, func() error { all, _ := s.Defined(); return all[0].Problem })
	_, err = s.Accept(format1ID)
	wantLater(t, definitionsFile, func() error { return err })
	_, err = s.OpenDefinitions(store.DefinitionsConfig{ID: format1ID, Service: "spanpipe"})
	wantLater(t, definitionsFile, func() error { return err })
	_, err = s.DefinitionTexts(format1ID, time.Now())
	wantLater(t, textsFile, func() error { return err })
	_, err = s.Past(t.Context(), "spanpipe")
	wantLater(t, pastFile, func() error { return err })

	_, err = storetest.Make(dir, storetest.Session{ // of the same server
		Server: storetest.Server{Name: "spanpipe", Tools: storetest.Servers()[0].Tools}, Start: time.Now(), Calls: 3, Past: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Prune(t.Context(), store.Plan{Now: time.Now().Add(1000 * day), Keep: s.Keep}); err != nil {
		t.Fatal(err)
	}
	after := contents(t, dir)
	for name, text := range before {
		if after[name] != text {
			t.Errorf("%s has changed, or is gone", name)
		}
	}
}

// TestLaterTextsExpire: texts are content, so even those of a later version are removed once all of them have expired.
func TestLaterTextsExpire(t *testing.T) {
	dir := format1(t)
	name := filepath.Join(dir, "definitions", format1ID+".texts.json")
	later(t, dir, "definitions/"+format1ID+".texts.json")
	s := &store.Store{Dir: dir, Keep: store.Keep{Content: day}}
	for _, test := range []struct {
		after time.Duration
		kept  bool
	}{{day / 2, true}, {2 * day, false}} {
		_, _ = s.DefinitionTexts(format1ID, time.Now().Add(test.after)) // the error is another test's
		if _, err := os.Stat(name); (err == nil) != test.kept {
			t.Errorf("after %v the file is kept: %v", test.after, err == nil)
		}
	}
}

// wantLater demands an error that names the file and the reason.
func wantLater(t *testing.T, file string, get func() error) {
	t.Helper()
	text := fmt.Sprint(get())
	if !strings.Contains(text, filepath.FromSlash(file)+": was written by a later version of spanpipe") || strings.Contains(text, "\n") {
		t.Errorf("%s: the error is %s", file, text)
	}
}

// contents returns the texts of all files below a directory, but for locks.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "lock") {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

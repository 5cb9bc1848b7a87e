package backup_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/clients/backup"
	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// original has what the structure of an entry does not say: no args, a comment between two members, an empty env.
const original = `{
  // Kim's servers
  "mcpServers": {
    "memory": {
      "command": "mcp-memory" // no arguments
    },
    "files": {"command": "npx", "args": ["-y", "files"], "env": {}}
  }
}
`

var everything = func(*clients.File, *clients.Server) bool { return true }

func only(name string) func(*clients.File, *clients.Server) bool {
	return func(_ *clients.File, s *clients.Server) bool { return s.Name == name }
}

// machine is a directory with a client's file, and a store beside it.
type machine struct {
	testing.TB
	path  string
	store *backup.Store
}

func newMachine(t testing.TB, text string) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{
		t, filepath.Join(dir, "mcp.json"),
		&backup.Store{Dir: filepath.Join(dir, "state", "clients"), Now: func() time.Time { return time.Unix(1e9, 0) }},
	}
	m.put(text)
	return m
}

func (m *machine) put(text string) {
	m.Helper()
	if err := os.WriteFile(m.path, []byte(text), 0o600); err != nil {
		m.Fatal(err)
	}
}

func (m *machine) text() string {
	m.Helper()
	text, err := os.ReadFile(m.path)
	if err != nil {
		m.Fatal(err)
	}
	return string(text)
}

// install returns the edit that wraps servers.
func (m *machine) install(names ...string) *backup.Edit {
	m.Helper()
	f := clients.Given(m.path, edit.JSON, "cursor")[0]
	if f.Err != nil {
		m.Fatal(f.Err)
	}
	var servers []*clients.Server
	for _, s := range f.Servers {
		if len(names) == 0 || strings.Contains(strings.Join(names, " "), s.Name) {
			servers = append(servers, s)
		}
	}
	c, err := f.Wrap(servers, clients.Wrapping{
		Program: "/usr/local/bin/spanpipe", Env: []clients.Var{{Name: "SPANPIPE_TELEMETRY", Value: "local"}},
	})
	if err != nil {
		m.Fatal(err)
	}
	target, err := backup.Target(m.path)
	if err != nil {
		m.Fatal(err)
	}
	return &backup.Edit{Path: target, Files: []*clients.File{f}, Before: f.Raw, After: c.After, Servers: c.Servers}
}

func (m *machine) write(e *backup.Edit) {
	m.Helper()
	if _, err := m.store.Write(e); err != nil {
		m.Fatal(err)
	}
}

// undo returns the edit that unwraps servers.
func (m *machine) undo(meant func(*clients.File, *clients.Server) bool) *backup.Edit {
	m.Helper()
	target, err := backup.Target(m.path)
	if err != nil {
		m.Fatal(err)
	}
	e, err := m.store.Undo(target, clients.Given(m.path, edit.JSON, "cursor"), meant)
	if err != nil {
		m.Fatal(err)
	}
	return e
}

// kept returns the names of what the store has, but for its lock.
func (m *machine) kept() (names []string) {
	entries, err := os.ReadDir(m.store.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

// beside returns the names of what is beside the file, but for the store.
func (m *machine) beside() (names []string) {
	entries, err := os.ReadDir(filepath.Dir(m.path))
	if err != nil {
		m.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != filepath.Base(m.path) && e.Name() != "state" {
			names = append(names, e.Name())
		}
	}
	return names
}

// TestRoundTrip: what uninstall leaves is what was there, byte for byte, and nothing is kept of it.
func TestRoundTrip(t *testing.T) {
	m := newMachine(t, original)
	if e := m.install(); string(e.After) == original || strings.Count(string(e.After), "spanpipe") != 2 {
		t.Fatalf("wrapped, it is\n%s", e.After)
	} else {
		m.write(e)
	}
	if got := m.text(); !strings.Contains(got, "/usr/local/bin/spanpipe") || len(m.kept()) != 3 {
		t.Errorf("wrapped, it is\n%s\nand kept is %v", got, m.kept())
	}
	m.write(m.undo(everything))
	if got := m.text(); got != original {
		t.Errorf("unwrapped, it is\n%s", got)
	}
	if len(m.kept()) != 0 || len(m.beside()) != 0 {
		t.Errorf("left behind: %v, %v", m.kept(), m.beside())
	}
}

// TestRoundTripLines: servers that share neighboring lines, or one, come back as they were, all or one alone.
func TestRoundTripLines(t *testing.T) {
	const servers = `"a": {"command": "x", "env": {}},
"b": {"command": "y", "args": [], "env": null},
"c": {"command": "z", "env": {"SPANPIPE_TELEMETRY": "off"}}`
	for _, text := range []string{"{\"mcpServers\": {\n" + servers + "\n}}\n", `{"mcpServers": {` + strings.ReplaceAll(servers, "\n", " ") + `}}`} {
		for _, names := range [][]string{nil, {"a"}, {"b"}, {"c"}} {
			m := newMachine(t, text)
			m.write(m.install(names...))
			m.write(m.undo(func(_ *clients.File, s *clients.Server) bool { return names == nil || s.Name == names[0] }))
			if m.text() != text {
				t.Errorf("%v: it is\n%s\nwant\n%s", names, m.text(), text)
			}
		}
	}
}

// TestUndo: what others have changed since stays, and so does what the first backup has of the rest.
func TestUndo(t *testing.T) {
	const added = `{
  // Kim's servers
  "mcpServers": {
    "new": {"command": "new"},
    "memory": {
      "command": "mcp-memory" // no arguments
    },
    "files": {"command": "npx", "args": ["-y", "files"], "env": {}}
  }
}
`
	structural := strings.Replace(original, `, "env": {}`, "", 1) // which says the same
	add := func(m *machine) {
		m.put(strings.Replace(m.text(), `"mcpServers": {`, "\"mcpServers\": {\n    \"new\": {\"command\": \"new\"},", 1))
	}
	for _, test := range []struct {
		name string
		do   func(m *machine)
		want string
	}{
		{"one after the other", func(m *machine) {
			m.write(m.install("memory"))
			m.write(m.install("files"))
			m.write(m.undo(only("files")))
			m.write(m.undo(only("memory")))
		}, original},
		{"one of two, in the other order, and again", func(m *machine) {
			m.write(m.install())
			m.write(m.undo(only("memory")))
			m.write(m.install("memory"))
			m.write(m.undo(everything))
		}, original},
		{"a server was added", func(m *machine) {
			m.write(m.install())
			add(m)
			m.write(m.undo(everything))
		}, added},
		{"a wrapped server was added by hand", func(m *machine) {
			m.write(m.install())
			m.put(strings.Replace(m.text(), `"mcpServers": {`,
				"\"mcpServers\": {\n    \"new\": {\"command\": \"spanpipe\", \"args\": [\"--\", \"new\"], \"env\": {\"SPANPIPE_TELEMETRY\": \"local\"}},", 1))
			m.write(m.undo(everything))
		}, strings.Replace(added, `"new"}`, `"new", "args": []}`, 1)},
		{"a server was added between two installs", func(m *machine) {
			m.write(m.install("memory", "files"))
			add(m)
			m.write(m.install())
			m.write(m.undo(everything))
		}, added},
		{"a comment was added between two installs", func(m *machine) {
			m.write(m.install("memory"))
			m.put(strings.Replace(m.text(), "Kim's servers", "Kim's and Ann's servers", 1))
			m.write(m.install())
			m.write(m.undo(everything))
		}, strings.Replace(original, "Kim's servers", "Kim's and Ann's servers", 1)},
		{"the manifest is gone", func(m *machine) {
			m.write(m.install("files"))
			if err := os.RemoveAll(m.store.Dir); err != nil {
				m.Fatal(err)
			}
			m.write(m.undo(everything))
		}, structural},
		{"the backups are gone", func(m *machine) {
			m.write(m.install("files"))
			for _, name := range m.kept() {
				if name != "manifest.json" {
					_ = os.Remove(filepath.Join(m.store.Dir, name))
				}
			}
			m.write(m.undo(everything))
		}, structural},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t, original)
			test.do(m)
			if got := m.text(); got != test.want {
				t.Errorf("it is\n%s\nwant\n%s", got, test.want)
			}
			if len(m.kept()) != 0 {
				t.Errorf("kept is %v", m.kept())
			}
		})
	}
}

// TestUndoMixed: where others have changed some of the lines of an entry, what is taken back of the others does not stand alone.
func TestUndoMixed(t *testing.T) {
	const text = `{"mcpServers": {"a": {
  "command": "x",
  "timeout": 10,
  "args": ["y"],
  "disabled": false,
  "env": {"A": "1"}
}}}
`
	for _, change := range [][2]string{
		{`"y"]`, `"y", "z"]`},       // or the arguments would have the command in them
		{`"A": "1"`, `"A": "2"`},    // or spanpipe's variable would stay
		{`"command"`, `"command" `}, // or the command would be spanpipe
	} {
		m := newMachine(t, text)
		m.write(m.install())
		m.put(strings.Replace(m.text(), change[0], change[1], 1))
		m.write(m.undo(everything))
		if want := strings.Replace(text, change[0], change[1], 1); m.text() != want {
			t.Errorf("%v: it is\n%s\nwant\n%s", change, m.text(), want)
		}
	}
}

// TestChanged: a file that has changed since it was read stays as it is, and nothing is kept of it.
func TestChanged(t *testing.T) {
	m := newMachine(t, original)
	e := m.install()
	m.put(original + "\n")
	m.store.Now = func() time.Time {
		t.Error("it was saved what the file was, though that cannot be written")
		return time.Time{}
	}
	if _, err := m.store.Write(e); !errors.Is(err, backup.ErrChanged) {
		t.Errorf("the error is %v", err)
	}
	if m.text() != original+"\n" || len(m.kept()) != 0 || len(m.beside()) != 0 {
		t.Errorf("the file is\n%s\nkept is %v, beside is %v", m.text(), m.kept(), m.beside())
	}
	if err := os.Remove(m.path); err != nil {
		t.Fatal(err)
	}
	if _, err := m.store.Write(e); !errors.Is(err, fs.ErrNotExist) || len(m.beside()) != 0 {
		t.Errorf("of a file that is gone the error is %v; left is %v", err, m.beside())
	}
}

// TestChangedMeanwhile: a file that changes while the new text is prepared stays as it is, at the first write and at a later one.
func TestChangedMeanwhile(t *testing.T) {
	m := newMachine(t, original)
	kept := 0
	for range 2 {
		e, now := m.install("memory"), m.store.Now
		m.store.Now = func() time.Time { // is asked when the new text is beside the file
			m.put(string(e.Before) + "\n")
			return now()
		}
		if _, err := m.store.Write(e); !errors.Is(err, backup.ErrChanged) {
			t.Errorf("the error is %v", err)
		}
		if m.text() != string(e.Before)+"\n" || len(m.kept()) != kept || len(m.beside()) != 0 {
			t.Errorf("the file is\n%s\nkept is %v, beside is %v", m.text(), m.kept(), m.beside())
		}
		m.store.Now = now
		m.write(m.install("files"))
		kept = len(m.kept())
	}
}

// TestUnsaved: where it cannot be saved what a file was, the file stays as it is, and nothing is kept of it.
func TestUnsaved(t *testing.T) {
	m := newMachine(t, original)
	e, manifest := m.install(), filepath.Join(m.store.Dir, "manifest.json")
	m.store.Now = func() time.Time { // a directory stands in the manifest's way
		if err := os.MkdirAll(filepath.Join(manifest, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
		return time.Unix(1e9, 0)
	}
	if _, err := m.store.Write(e); err == nil || !strings.HasPrefix(err.Error(), "saving what the file was: ") {
		t.Errorf("the error is %v", err)
	}
	if m.text() != original || strings.Join(m.kept(), " ") != "manifest.json" || len(m.beside()) != 0 {
		t.Errorf("the file is\n%s\nkept is %v, beside is %v", m.text(), m.kept(), m.beside())
	}
}

// TestNoManifest: texts that are kept without a manifest stay, whether a file is written or not.
func TestNoManifest(t *testing.T) {
	m := newMachine(t, original)
	e := m.install("memory")
	m.write(e)
	if err := os.Remove(filepath.Join(m.store.Dir, "manifest.json")); err != nil {
		t.Fatal(err)
	}
	kept := strings.Join(m.kept(), " ")
	if _, err := m.store.Write(e); !errors.Is(err, backup.ErrChanged) || strings.Join(m.kept(), " ") != kept {
		t.Errorf("the error is %v, kept is %v", err, m.kept())
	}
	m.write(m.undo(everything))
	if got := strings.Join(m.kept(), " "); got != kept {
		t.Errorf("kept is %v, want %v", got, kept)
	}
}

// TestLinks: a symbolic link stays one, and the file that it leads to keeps its mode.
func TestLinks(t *testing.T) {
	m := newMachine(t, original)
	target := filepath.Join(filepath.Dir(m.path), "dotfiles", "target.json")
	if err := errors.Join(os.Mkdir(filepath.Dir(target), 0o755), os.Rename(m.path, target), os.Chmod(target, 0o640)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("dotfiles", "target.json"), m.path); err != nil {
		t.Skip(err) // on Windows that takes a right
	}
	m.write(m.install())
	info, err := os.Lstat(m.path)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
	info, err = os.Stat(target)
	if err != nil || info.Mode().Perm() != 0o640 && runtime.GOOS != "windows" {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	if text, err := os.ReadFile(target); err != nil || !strings.Contains(string(text), "spanpipe") {
		t.Errorf("the target is %s, %v", text, err)
	}
	m.write(m.undo(everything))
	if m.text() != original {
		t.Errorf("unwrapped, it is\n%s", m.text())
	}
}

// TestReadOnly: a file that is read-only is not replaced, although its directory would allow it.
func TestReadOnly(t *testing.T) {
	m := newMachine(t, original)
	if err := os.Chmod(m.path, 0o444); err != nil {
		t.Fatal(err)
	}
	_, err := m.store.Write(m.install())
	if err == nil || !strings.Contains(err.Error(), "read-only") || m.text() != original || len(m.kept()) != 0 {
		t.Errorf("the error is %v, kept is %v, and the file\n%s", err, m.kept(), m.text())
	}
	_ = os.Chmod(m.path, 0o600) // Windows removes no other
}

// TestRemoved: what a person has removed is not kept any more.
func TestRemoved(t *testing.T) {
	m := newMachine(t, original)
	m.write(m.install())
	target, err := backup.Target(m.path)
	if err != nil {
		t.Fatal(err)
	}
	kept := m.store.Kept(target)
	if len(kept) != 2 {
		t.Fatalf("kept is %v, want what was there and what is", kept)
	}
	for _, path := range kept {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
	if kept := m.store.Kept(target); len(kept) != 0 {
		t.Errorf("removed, %v is kept", kept)
	}
}

// TestPrivate: what is kept is for this user alone, whatever the file is.
func TestPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the permissions of the directory decide")
	}
	m := newMachine(t, original)
	if err := errors.Join(os.Chmod(m.path, 0o644), os.MkdirAll(m.store.Dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	m.write(m.install())
	for _, name := range append(m.kept(), ".") {
		info, err := os.Stat(filepath.Join(m.store.Dir, name))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v, %v", name, info.Mode(), err)
		}
	}
}

// TestDamaged: what is kept is not used if it is not what was saved, and nothing is written over it.
func TestDamaged(t *testing.T) {
	for _, test := range []struct{ which, text string }{
		{"manifest.json", "{}!"}, {"manifest.json", "{}"}, {"manifest.json", "null"}, {"manifest.json", ""},
		{"manifest.json", `{"version": 2, "files": []}`}, {"cursor-", "{}!"},
		{"manifest.json", `{"version": 1, "files": [{"path": "/mcp.json", "before": "../../mcp.json", "left": "../../mcp.json"}]}`},
	} {
		m := newMachine(t, original)
		m.write(m.install("memory"))
		for _, name := range m.kept() {
			if strings.HasPrefix(name, test.which) {
				if err := os.WriteFile(filepath.Join(m.store.Dir, name), []byte(test.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		wrapped, kept := m.text(), m.kept()
		_, undo := m.store.Undo(m.path, clients.Given(m.path, edit.JSON, "cursor"), everything)
		_, again := m.store.Write(m.install())
		for _, err := range []error{undo, again} {
			if damaged, ok := errors.AsType[*backup.DamagedError](err); !ok || !strings.Contains(damaged.Path, test.which) {
				t.Errorf("%v: the error is %v", test, err)
			}
		}
		if m.text() != wrapped || strings.Join(m.kept(), " ") != strings.Join(kept, " ") || len(m.beside()) != 0 {
			t.Errorf("%v: the file is\n%s\nkept is %v, beside is %v", test, m.text(), m.kept(), m.beside())
		}
	}
}

// TestTwoAtOnce: of installs that run at once, each writes the file as it has read it, or reports that it has changed.
func TestTwoAtOnce(t *testing.T) {
	m := newMachine(t, original)
	edits := []*backup.Edit{m.install("memory"), m.install("files"), m.install()}
	errs := make([]error, len(edits))
	var all sync.WaitGroup
	for i, e := range edits {
		all.Go(func() { _, errs[i] = m.store.Write(e) })
	}
	all.Wait()
	written := -1
	for i, err := range errs {
		if err == nil && written < 0 {
			written = i
		} else if !errors.Is(err, backup.ErrChanged) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if written < 0 || m.text() != string(edits[written].After) {
		t.Fatalf("the file is\n%s", m.text())
	}
	m.write(m.undo(everything))
	if m.text() != original {
		t.Errorf("unwrapped, it is\n%s", m.text())
	}
}

// TestKilled: whatever a process has left behind that was killed between two steps, the next one goes on, and cleans up.
func TestKilled(t *testing.T) {
	m := newMachine(t, original)
	e := m.install()
	for _, name := range []string{"mcp.json.spanpipe-1.tmp", "mcp.json.spanpipe-2026", "mcp.json.spanpipe-old.tmp"} { // two are a person's
		if err := os.WriteFile(filepath.Join(filepath.Dir(m.path), name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m.write(e)
	if got := strings.Join(m.beside(), " "); got != "mcp.json.spanpipe-2026 mcp.json.spanpipe-old.tmp" {
		t.Errorf("beside is %s", got)
	}
	m.put(original) // the manifest was written, and the file was not
	if got := m.undo(everything); string(got.After) != original || len(got.Servers) != 0 {
		t.Errorf("undoing what was not done gives\n%s", got.After)
	}
	m.write(m.install("files"))
	for _, name := range []string{"manifest.json.AB2.tmp", m.kept()[0] + ".AB2.tmp"} {
		if err := os.WriteFile(filepath.Join(m.store.Dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m.write(m.undo(everything))
	if m.text() != original || len(m.kept()) != 0 {
		t.Errorf("it is\n%s\nkept is %v", m.text(), m.kept())
	}
	m.write(m.install())
	kept := m.kept()
	m.put(original) // by hand, or the file was written and the manifest was not
	m.put(strings.Replace(original, "Kim", "Ann", 1))
	m.write(m.install())
	if len(m.kept()) != len(kept) {
		t.Errorf("kept is %v", m.kept())
	}
	m.write(m.undo(everything))
	if m.text() != strings.Replace(original, "Kim", "Ann", 1) {
		t.Errorf("it is\n%s", m.text())
	}
}

// TestUnwrappedByHand: a file that has no spanpipe in it is what uninstall brings back, whatever was kept of it.
func TestUnwrappedByHand(t *testing.T) {
	const text = "{\"mcpServers\": {\"a\": {\n  \"command\": \"x\",\n  \"args\": [],\n  \"timeout\": 10,\n  \"env\": {\n    \"A\": \"1\"\n  }\n}}}\n"
	m := newMachine(t, text)
	m.write(m.install())
	now := strings.Replace(m.text(), `"/usr/local/bin/spanpipe"`, `"x"`, 1)
	now = strings.Replace(now, `"--", "x"`, "", 1)
	m.put(now)
	m.write(m.install())
	m.write(m.undo(everything))
	if m.text() != now || !strings.Contains(now, "SPANPIPE_TELEMETRY") {
		t.Errorf("it is\n%s\nwant\n%s", m.text(), now)
	}
}

// TestWrappedTwice: a server needs spanpipe no more, however often that was put there.
func TestWrappedTwice(t *testing.T) {
	m := newMachine(t, `{"mcpServers": {"a": {"command": "spanpipe", "args": ["--capture=errors", "--", "spanpipe", "--", "x", "y"]}}}`)
	m.write(m.undo(everything))
	if want := `{"mcpServers": {"a": {"command": "x", "args": ["y"]}}}`; m.text() != want {
		t.Errorf("it is\n%s\nwant\n%s", m.text(), want)
	}
}

// TestNotAFile: what is no file is not replaced.
func TestNotAFile(t *testing.T) {
	m := newMachine(t, original)
	e := m.install()
	if err := errors.Join(os.Remove(m.path), os.Mkdir(m.path, 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, err := m.store.Write(e); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("the error is %v", err)
	}
}

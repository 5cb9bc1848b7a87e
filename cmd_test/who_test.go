package cmd_test

import (
	"bytes"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// whoSession runs a session in a home, and returns the pseudonym that its spans were sent with, or "". Its stderr must have
// the given number of warnings.
func whoSession(t *testing.T, place home, warnings int, variables ...string) string {
	t.Helper()
	r := otlptest.Start(t, otlptest.Config{})
	h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), place.in(append(r.Env(otlptest.HTTP),
		append([]string{"SPANPIPE_TELEMETRY=otlp"}, variables...)...)...))
	mcptest.Connect(h).Tool("echo", nil)
	h.CloseInput()
	wantExit(t, h, 0)
	if got := strings.Count(h.Stderr.String(), "warning:"); got != warnings {
		t.Errorf("%v: %d warnings, want %d: %s", variables, got, warnings, h.Stderr)
	}
	id, _ := r.WaitSpan(t, "mcp.session").Resource["enduser.pseudo.id"].(string)
	for _, span := range r.Spans() {
		if other, _ := span.Resource["enduser.pseudo.id"].(string); other != id {
			t.Errorf("%v: one span is of %q, another of %q", variables, id, other)
		}
	}
	wantNoAccount(t, "what was sent", func(text []byte) bool { return r.Contains(text) })
	return id
}

// wantNoAccount checks that the name of the account is not in a text. A short one would be found anywhere.
func wantNoAccount(t *testing.T, where string, contains func([]byte) bool) {
	t.Helper()
	if u, err := user.Current(); err == nil && len(u.Username) >= 5 && contains([]byte(u.Username)) {
		t.Errorf("the account's name is in %s", where)
	}
}

// TestUserHash: SPANPIPE_USER=hash makes one pseudonym of an account, which stays until the key is deleted; without it there is
// none, and no key is made. Machines of a fleet that have one key agree on it. A key that cannot be used gives none, with one
// warning, and never another's.
func TestUserHash(t *testing.T) {
	place := newHome(t)
	key := filepath.Join(place.root, "home/.local/state/spanpipe/key")
	if id := whoSession(t, place, 0); id != "" {
		t.Errorf("without the switch the account is %q", id)
	}
	if _, err := os.Lstat(key); err == nil {
		t.Error("a key was made that nothing needs")
	}
	one := whoSession(t, place, 0, "SPANPIPE_USER=hash")
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(one) {
		t.Fatalf("the account is %q, want 64 bits in hex", one)
	}
	if info, err := os.Stat(key); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the key is %v (%v), want a file that its owner alone can read", info, err)
	}
	if again := whoSession(t, place, 0, "SPANPIPE_USER=hash"); again != one {
		t.Errorf("the account has become %q, was %q", again, one)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if rotated := whoSession(t, place, 0, "SPANPIPE_USER=hash"); rotated == one || rotated == "" {
		t.Errorf("with a new key the account is %q, was %q", rotated, one)
	}

	fleet := filepath.Join(t.TempDir(), "fleet")
	if err := os.WriteFile(fleet, bytes.Repeat([]byte("k"), 32), 0o600); err != nil {
		t.Fatal(err)
	}
	here := whoSession(t, place, 0, "SPANPIPE_USER=hash", "SPANPIPE_HASH_KEY_FILE="+fleet)
	there := whoSession(t, newHome(t), 0, "SPANPIPE_USER=hash", "SPANPIPE_HASH_KEY_FILE="+fleet)
	if here == "" || here != there {
		t.Errorf("two machines of a fleet have the accounts %q and %q", here, there)
	}
	if err := os.WriteFile(fleet, []byte("too short"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{fleet, fleet + ".missing", filepath.Dir(fleet)} {
		if id := whoSession(t, place, 1, "SPANPIPE_USER=hash", "SPANPIPE_HASH_KEY_FILE="+file); id != "" {
			t.Errorf("with the key %s the account is %q", file, id)
		}
	}
}

// TestPreviewMakesNoKey: a preview shows that there would be a pseudonym, and leaves nothing behind.
func TestPreviewMakesNoKey(t *testing.T) {
	place := newHome(t)
	h := mcptest.Open(t, append([]string{binary(t), "preview", "--"}, cast.As(t, "server")...), place.in("SPANPIPE_USER=hash"))
	mcptest.Connect(h).Tool("echo", nil)
	h.CloseInput()
	wantExit(t, h, 0)
	if !strings.Contains(h.Stderr.String(), "enduser.pseudo.id") {
		t.Errorf("the preview has no pseudonym: %s", h.Stderr)
	}
	if left := place.left(t); len(left) > 0 {
		t.Errorf("the preview has left %v", left)
	}
	wantNoAccount(t, "the preview", func(text []byte) bool { return bytes.Contains([]byte(h.Stderr.String()), text) })
}

// TestConsentWho: consent shows each of the three switches, and the file of the key.
func TestConsentWho(t *testing.T) {
	for _, test := range []struct {
		variables []string
		want, not []string
	}{
		{nil, nil, []string{"account", "Key of all hashes", "each metric"}},
		{[]string{"SPANPIPE_USER=hash"},
			[]string{"as a keyed hash of the account", "Key of all hashes", filepath.Join(".local", "state", "spanpipe", "key")},
			[]string{"each metric", "one client has started"}},
		{[]string{"SPANPIPE_METRICS_CLIENT=on"}, []string{"the client's name on each metric"}, []string{"account", "Key of all"}},
		{[]string{"SPANPIPE_HASH_KEY_FILE=~/fleet"}, []string{"one client has started", "fleet"}, []string{"account", "~"}},
	} {
		cmd := exec.Command(binary(t), "consent")
		newHome(t).in(append([]string{"SPANPIPE_TELEMETRY=otlp"}, test.variables...)...)(cmd)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(string(out)), " ")
		missing := slices.DeleteFunc(slices.Clone(test.want), func(w string) bool { return strings.Contains(text, w) })
		there := slices.DeleteFunc(slices.Clone(test.not), func(w string) bool { return !strings.Contains(text, w) })
		if len(missing)+len(there) > 0 {
			t.Errorf("%v: consent lacks %q and has %q: %s", test.variables, missing, there, out)
		}
	}
}

// TestMetricsClient: the client's name is on metrics of operations only if that was asked for.
func TestMetricsClient(t *testing.T) {
	for _, asked := range []bool{false, true} {
		r := otlptest.Start(t, otlptest.Config{})
		variables := append(r.Env(otlptest.HTTP), "SPANPIPE_TELEMETRY=otlp")
		if asked {
			variables = append(variables, "SPANPIPE_METRICS_CLIENT=on")
		}
		h := mcptest.Open(t, wrapped(t, cast.As(t, "server")), newHome(t).in(variables...))
		mcptest.Connect(h).Tool("echo", nil)
		h.CloseInput()
		wantExit(t, h, 0)
		for _, name := range []string{"mcp.server.operation.duration", "spanpipe.operation.active", "spanpipe.operation.response.size"} {
			found := false
			for _, p := range r.WaitMetric(t, name, otlptest.Attrs{"mcp.method.name": "tools/call"}) {
				client, _ := p.Attrs["spanpipe.client.name"].(string)
				found = found || client != ""
			}
			if found != asked {
				t.Errorf("%s has the client of a call: %v, want %v", name, found, asked)
			}
		}
	}
}

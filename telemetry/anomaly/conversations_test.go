package anomaly_test

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

var update = flag.Bool("update", false, "write the findings of the bad conversations anew")

// findings is the section with what a bad conversation must be found to have.
const findings = "findings"

// TestGoodConversations plays sessions that are as they should be. None may raise a single alarm, and -update does not
// change that.
func TestGoodConversations(t *testing.T) {
	t.Parallel()
	for name, conversation := range conversations(t, "good") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := lines(converse(t, name, conversation)); got != "" {
				t.Errorf("false alarms:\n%s", got)
			}
		})
	}
}

// TestBadConversations plays sessions in which something is wrong, and wants exactly the findings that the files have.
func TestBadConversations(t *testing.T) {
	t.Parallel()
	for name, conversation := range conversations(t, "bad") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := lines(converse(t, name, conversation))
			if got == "" {
				t.Fatal("nothing was found")
			}
			if *update {
				if err := conversation.Update(findings, got); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := conversation.Section(findings); got != want {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
		})
	}
}

func conversations(t *testing.T, label string) map[string]*mcptest.Conversation {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", label, "*.txtar"))
	if err != nil || len(files) < 12 {
		t.Fatalf("%d conversations, %v", len(files), err)
	}
	all := map[string]*mcptest.Conversation{}
	for _, file := range files {
		conversation, err := mcptest.ReadConversation(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".txtar")] = conversation
	}
	return all
}

func converse(t *testing.T, name string, conversation *mcptest.Conversation) []found {
	t.Helper()
	ops, err := parseScript(name, conversation.Section("calls"))
	if err != nil {
		t.Fatal(err)
	}
	return play(ops)
}

package session_test

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

var update = flag.Bool("update", false, "write what is into testdata as what is expected")

// TestConversations plays the conversations of testdata and compares the operations and notes with those expected.
// testdata/README.md explains the notation.
func TestConversations(t *testing.T) {
	for name, c := range conversations(t) {
		t.Run(name, func(t *testing.T) {
			for _, chunk := range []int{0, 5} {
				got := play(t, c, chunk)
				if *update && chunk == 0 {
					if err := c.Update("operations", got.operations(), "notes", got.notes()); err != nil {
						t.Fatal(err)
					}
				}
				compare(t, chunk, "operations", got.operations(), c.Section("operations"))
				compare(t, chunk, "notes", got.notes(), c.Section("notes"))
			}
		})
	}
}

// conversations returns those of testdata, by the names of their files.
func conversations(t testing.TB) map[string]*mcptest.Conversation {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	all := map[string]*mcptest.Conversation{}
	for _, file := range files {
		c, err := mcptest.ReadConversation(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".txtar")] = c
	}
	return all
}

func compare(t *testing.T, chunk int, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s, in chunks of %d bytes (0: whole)\n got:\n%s want:\n%s", what, chunk, got, want)
	}
}

// config returns a tracker's configuration for a conversation, from its settings.
func config(c *mcptest.Conversation) (cfg session.Config) {
	if words := c.Settings["capacity"]; len(words) > 0 {
		cfg.Capacity, _ = strconv.Atoi(words[0]) // if it is not a number, what follows fails
	}
	if words := c.Settings["hang"]; len(words) > 0 {
		cfg.HangAfter, _ = time.ParseDuration(words[0]) // likewise
	}
	return cfg
}

// play plays a conversation to a tracker. Each line is read in chunks of the given size.
func play(t testing.TB, c *mcptest.Conversation, chunk int) *recording {
	r := &recording{
		sizes: slices.Contains(c.Settings["show"], "sizes"), summary: slices.Contains(c.Settings["show"], "summary"),
		watch: newWatch(t), describer: newDescriber(),
	}
	var p *player
	cfg, looks := config(c), scriptedLooks(t, c.Settings["look"])
	if r.stalls = len(looks) > 0; r.stalls {
		cfg.Look = func(processes bool) (session.Look, bool) { return lookAt(looks, p.now, processes), true }
	}
	p = newPlayer(cfg, r)
	p.seen, r.player = map[*session.Extra]seen{}, p
	c.Play(p, chunk)
	if last := c.Steps[len(c.Steps)-1]; last.Do != mcptest.End {
		t.Fatal("the conversation has no end")
	}
	r.watch.closed(p.tracker)
	return r
}

// Say implements mcptest.Player.
func (p *player) Say(from mcptest.Source, text []byte, at time.Duration) {
	p.now = max(p.now, at)
	p.say(directions[from], text, at)
}

// Advance implements mcptest.Player.
func (p *player) Advance(at time.Duration) {
	p.now = max(p.now, at)
	p.tracker.Advance(at)
}

// End implements mcptest.Player.
func (p *player) End(from mcptest.Source, at time.Duration) {
	p.end(at)
	by := map[mcptest.Source]record.EndedBy{mcptest.FromClient: record.ByClient, mcptest.FromServer: record.ByServer}
	p.tracker.Close(at, record.Exit{EndedBy: by[from]})
}

// recording writes down the records of a tracker.
type recording struct {
	*describer
	sizes   bool // write sizes
	summary bool // write equal lines once, without ids and times
	stalls  bool // write verdicts

	watch *watch
	ops   []string
	noted []string
}

func (r *recording) Opened(op *record.Operation) {
	r.watch.Opened(op)
	r.opened(op)
}

func (r *recording) Changed(op *record.Operation) {
	r.watch.Changed(op)
	if op.Change == record.Hanging {
		r.noted = append(r.noted, r.hanging(op, r.summary)+r.stall(op))
	}
	if op.Change == record.Ended {
		r.ops = append(r.ops, r.operation(op, r.sizes, r.summary)+r.stall(op))
	}
}

func (r *recording) stall(op *record.Operation) string {
	if !r.stalls {
		return ""
	}
	return stallText(op)
}

func (r *recording) Noted(n record.Note) {
	r.watch.Noted(n)
	if line := r.note(n, r.summary); line != "" {
		r.noted = append(r.noted, line)
	}
}

func (r *recording) operations() string { return lines(r.ops, r.summary) }
func (r *recording) notes() string      { return lines(r.noted, r.summary) }

// lines joins lines, in a summary one for each run of equal ones.
func lines(all []string, summary bool) string {
	var b strings.Builder
	for i := 0; i < len(all); i++ {
		if !summary {
			fmt.Fprintln(&b, all[i])
			continue
		}
		run := i
		for i+1 < len(all) && all[i+1] == all[run] {
			i++
		}
		fmt.Fprintf(&b, "%d × %s\n", i-run+1, all[run])
	}
	return b.String()
}

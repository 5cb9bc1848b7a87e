package session_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

var update = flag.Bool("update", false, "write what is into testdata as what is expected")

// TestConversations plays the conversations of testdata and compares the operations and notes with those expected.
// testdata/README.md explains the notation.
func TestConversations(t *testing.T) {
	for _, file := range conversations(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(bytes.TrimSpace(archive.Comment)) == 0 {
				t.Error("the conversation does not say what it shows")
			}
			c := parse(t, string(section(archive, "conversation")))
			for _, chunk := range []int{1 << 20, 5} {
				got := play(t, c, chunk)
				if *update && chunk > 5 {
					replace(archive, "operations", got.operations())
					replace(archive, "notes", got.notes())
					if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				compare(t, chunk, "operations", got.operations(), string(section(archive, "operations")))
				compare(t, chunk, "notes", got.notes(), string(section(archive, "notes")))
			}
		})
	}
}

func conversations(t testing.TB) []string {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	return files
}

func section(a *txtar.Archive, name string) []byte {
	for _, f := range a.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

func replace(a *txtar.Archive, name, text string) {
	a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == name })
	if text != "" {
		a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(text)})
	}
}

func compare(t *testing.T, chunk int, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s, in chunks of %d bytes\n got:\n%s want:\n%s", what, chunk, got, want)
	}
}

// step is one line of a conversation.
type step struct {
	at      time.Duration
	dir     session.Direction
	bytes   []byte         // what was read; nil if nothing was
	advance bool           // the tracker advances to the time
	end     record.EndedBy // the session ends, if not empty
}

type conversation struct {
	steps   []step
	sizes   bool
	summary bool
	config  session.Config
}

var (
	messageLine = regexp.MustCompile(`^(\S+) (?:x(\d+) )?(>|<|>\+|<\+)(?: (.*))?$`)
	longText    = regexp.MustCompile(`\{long:(\d+)\}`)
)

func parse(t testing.TB, text string) conversation {
	var c conversation
	for number, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case words[0] == "show":
			c.sizes = c.sizes || slices.Contains(words, "sizes")
			c.summary = c.summary || slices.Contains(words, "summary")
		case words[0] == "capacity":
			c.config.Capacity, _ = strconv.Atoi(words[1])
		case words[0] == "@":
			c.steps = append(c.steps, step{at: duration(t, words[1]), advance: true})
		case words[0] == "end":
			c.steps = append(c.steps, step{at: duration(t, words[2]), end: record.EndedBy(words[1])})
		default:
			m := messageLine.FindStringSubmatch(line)
			if m == nil {
				t.Fatalf("line %d of the conversation cannot be read: %s", number+1, line)
			}
			c.steps = append(c.steps, messageSteps(t, m)...)
		}
	}
	return c
}

// messageSteps returns the steps of a line with messages.
func messageSteps(t testing.TB, m []string) []step {
	times := 1
	if m[2] != "" {
		times, _ = strconv.Atoi(m[2])
	}
	s := step{at: duration(t, m[1])}
	if m[3][0] == '<' {
		s.dir = session.ToClient
	}
	steps := make([]step, times)
	for i := range steps {
		text := longText.ReplaceAllStringFunc(m[4], func(hole string) string {
			n, _ := strconv.Atoi(longText.FindStringSubmatch(hole)[1])
			return strings.Repeat("a", n)
		})
		text = strings.NewReplacer("{n}", strconv.Itoa(i), "{cr}", "\r", "{bom}", "\ufeff", "{bad}", "\xff", "{ls}", "\u2028").Replace(text)
		if len(m[3]) == 1 {
			text += "\n"
		}
		steps[i] = s
		steps[i].bytes = []byte(text)
	}
	return steps
}

func duration(t testing.TB, s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// play plays a conversation to a tracker. Each line is read in chunks of the given size.
func play(t testing.TB, c conversation, chunk int) *recording {
	r := &recording{conversation: c, watch: newWatch(t), describer: newDescriber()}
	p := newPlayer(c.config, r)
	p.seen, r.player = map[*session.Extra]seen{}, p
	ended := false
	for _, s := range c.steps {
		switch {
		case s.end != "":
			p.end(s.at)
			p.tracker.Close(s.at, record.Exit{EndedBy: s.end})
			ended = true
		case s.advance:
			p.tracker.Advance(s.at)
		default:
			for piece := range slices.Chunk(s.bytes, chunk) {
				p.say(s.dir, piece, s.at)
			}
		}
	}
	if !ended {
		t.Fatal("the conversation has no end")
	}
	r.watch.closed(p.tracker)
	return r
}

// recording writes down the records of a tracker.
type recording struct {
	conversation
	*describer
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
	if op.Change == record.Ended {
		r.ops = append(r.ops, r.operation(op, r.sizes, r.summary))
	}
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

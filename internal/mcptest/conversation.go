package mcptest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/tools/txtar"
)

// Source is where a text comes from.
type Source uint8

// The sources.
const (
	FromClient Source = iota // written to the server's stdin
	FromServer               // written to the server's stdout
	FromStderr               // written to the server's stderr
)

// Action is what happens in a step.
type Action uint8

// The actions.
const (
	Say     Action = iota // From writes Text
	Advance               // time passes, and the tracker receives the time
	End                   // the session ends, first on the side of From
)

// Step is one event of a conversation.
type Step struct {
	At   time.Duration // since the session's start
	Do   Action
	From Source
	Text string // with its newline, unless the line continues in a later step
}

// Conversation is a session written down in a txtar file: a comment that says what it shows, what happens in the section
// "conversation", and what a test expects of it in further sections.
//
// The section has one line per event, in the order in which it is seen:
//
//	5ms > {"jsonrpc":…}     the client writes a line at 5 ms
//	5ms < {"jsonrpc":…}     the server writes a line
//	5ms ! text              the server writes a line to stderr
//	5ms <+ {"json           the same without a newline: the line continues (also >+ and !+)
//	5ms x100 > …{n}…        a hundred lines; {n} counts from 0
//	@ 70s                   the tracker receives the time, 70 s
//	end client 80s          the session ends because the client left (or: server)
//	# …                     a remark
//
// Any other line of words is a setting for the test, such as "capacity 3". In texts {cr}, {bom}, {bad} and {ls} stand for a
// carriage return, a byte order mark, a byte that is not UTF-8, and U+2028; {long:64} stands for 64 letters. Times may run
// against the order of lines, because two goroutines read the two directions.
type Conversation struct {
	Settings map[string][]string // by first word; the words of repeated settings are appended
	Steps    []Step

	path    string
	archive *txtar.Archive
}

// ReadConversation reads a conversation from a file. A file without the section "conversation" has no steps, for tests that
// describe a session in another way and use only [Conversation.Section] and [Conversation.Update].
func ReadConversation(path string) (*Conversation, error) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(archive.Comment)) == 0 {
		return nil, fmt.Errorf("%s: no comment says what the conversation shows", path)
	}
	c, err := ParseConversation(section(archive, "conversation"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	c.path, c.archive = path, archive
	return c, nil
}

// Section returns the text of a section, or "".
func (c *Conversation) Section(name string) string { return section(c.archive, name) }

// Update replaces sections and writes the file: names and texts alternate. An empty text removes its section.
func (c *Conversation) Update(namesAndTexts ...string) error {
	for pair := range slices.Chunk(namesAndTexts, 2) {
		name, text := pair[0], pair[1]
		c.archive.Files = slices.DeleteFunc(c.archive.Files, func(f txtar.File) bool { return f.Name == name })
		if text != "" {
			c.archive.Files = append(c.archive.Files, txtar.File{Name: name, Data: []byte(text)})
		}
	}
	return os.WriteFile(c.path, txtar.Format(c.archive), 0o644)
}

func section(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

var (
	said     = regexp.MustCompile(`^(\S+) (?:x(\d+) )?([<>!])(\+?)(?: (.*))?$`)
	longText = regexp.MustCompile(`\{long:(\d+)\}`)
	escapes  = []string{"{cr}", "\r", "{bom}", "\ufeff", "{bad}", "\xff", "{ls}", "\u2028"}
)

// ParseConversation reads the lines that [Conversation] describes. Indentation is ignored, so that a test can have them in
// its source.
func ParseConversation(text string) (*Conversation, error) {
	c := &Conversation{Settings: map[string][]string{}}
	for number, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		line = strings.TrimLeft(line, " \t")
		if err := c.parseLine(line); err != nil {
			return nil, fmt.Errorf("line %d of the conversation, %q: %w", number+1, line, err)
		}
	}
	return c, nil
}

func (c *Conversation) parseLine(line string) error {
	words := strings.Fields(line)
	switch {
	case len(words) == 0 || strings.HasPrefix(words[0], "#"):
		return nil
	case said.MatchString(line):
		return c.parseText(said.FindStringSubmatch(line))
	case words[0] == "@" && len(words) == 2:
		at, err := time.ParseDuration(words[1])
		c.Steps = append(c.Steps, Step{At: at, Do: Advance})
		return err
	case words[0] == "end" && len(words) == 3:
		at, err := time.ParseDuration(words[2])
		from, ok := map[string]Source{"client": FromClient, "server": FromServer}[words[1]]
		if !ok {
			return errors.New("want client or server")
		}
		c.Steps = append(c.Steps, Step{At: at, Do: End, From: from})
		return err
	case words[0][0] >= '0' && words[0][0] <= '9' || words[0] == "@" || words[0] == "end":
		return errors.New("not understood")
	}
	c.Settings[words[0]] = append(c.Settings[words[0]], words[1:]...)
	return nil
}

// parseText adds the steps of a line that matched said: time, repetitions, source, "+" without a newline, text.
func (c *Conversation) parseText(m []string) error {
	at, err := time.ParseDuration(m[1])
	if err != nil {
		return err
	}
	times := 1
	if m[2] != "" {
		times, _ = strconv.Atoi(m[2]) // the pattern has only digits
	}
	text := longText.ReplaceAllStringFunc(m[5], func(hole string) string {
		n, _ := strconv.Atoi(longText.FindStringSubmatch(hole)[1]) // as above
		return strings.Repeat("a", n)
	})
	if m[4] == "" {
		text += "\n"
	}
	from := map[string]Source{">": FromClient, "<": FromServer, "!": FromStderr}[m[3]]
	for i := range times {
		replaced := strings.NewReplacer(append(escapes, "{n}", strconv.Itoa(i))...).Replace(text)
		c.Steps = append(c.Steps, Step{At: at, From: from, Text: replaced})
	}
	return nil
}

// Player receives a conversation, step by step and in one goroutine.
type Player interface {
	Say(from Source, text []byte, at time.Duration)
	Advance(at time.Duration)
	End(from Source, at time.Duration)
}

// Play plays the conversation to p without waiting. Texts are cut into chunks of at most the given size, as reads from a
// pipe cut them; 0 leaves them whole.
func (c *Conversation) Play(p Player, chunk int) {
	for _, s := range c.Steps {
		switch s.Do {
		case Advance:
			p.Advance(s.At)
		case End:
			p.End(s.From, s.At)
		default:
			size := chunk
			if size == 0 {
				size = max(len(s.Text), 1)
			}
			for piece := range slices.Chunk([]byte(s.Text), size) {
				p.Say(s.From, piece, s.At)
			}
		}
	}
}

// ErrMismatch is the error of [PlayServer] when the server reads something else than the conversation says.
var ErrMismatch = errors.New("the server reads what the client did not write")

// partPause separates the parts of a line that continues, so that its reader sees them one by one.
const partPause = 2 * time.Millisecond

// PlayServer plays the server's part of a conversation on its standard streams: it reads what the client says, byte for
// byte, and writes what the server says. It returns nil once all steps are done. It does not read on: see [AtEOF]. Where
// the input ends early, the error is io.EOF if it ends between two steps, and io.ErrUnexpectedEOF within one. Steps other
// than Say are skipped, and so are times.
func PlayServer(steps iter.Seq[Step], in io.Reader, out, stderr io.Writer) error {
	var before Step
	for s := range steps {
		var err error
		switch {
		case s.Do != Say:
			continue
		case s.From == FromClient:
			err = expect(in, s.Text)
		default:
			pauseWithin(before, s)
			_, err = io.WriteString(map[Source]io.Writer{FromServer: out, FromStderr: stderr}[s.From], s.Text)
		}
		if err != nil {
			return err
		}
		before = s
	}
	return nil
}

// expect reads as many bytes as want has, and compares them.
func expect(in io.Reader, want string) error {
	got := make([]byte, len(want))
	n, err := io.ReadFull(in, got)
	if string(got[:n]) != want[:n] {
		return fmt.Errorf("%w: %.200q, want %.200q", ErrMismatch, got[:n], want)
	}
	return err
}

// AtEOF reads the end of a server's input, and returns ErrMismatch if there is more.
func AtEOF(in io.Reader) error {
	rest, err := io.ReadAll(in)
	if len(rest) > 0 {
		return fmt.Errorf("%w: %.200q after the end", ErrMismatch, rest)
	}
	return err
}

// Play plays the client's part of a conversation over the host, and fails the test if the server's stdout has other bytes.
// What the server writes to stderr is left in h.Stderr.
func (h *Host) Play(steps []Step) {
	h.t.Helper()
	var before Step
	for i, s := range steps {
		switch {
		case s.Do != Say || s.From == FromStderr:
			continue
		case s.From == FromClient:
			pauseWithin(before, s)
			h.Say(s.Text)
		default:
			if got := h.Hear(len(s.Text)); got != s.Text {
				h.t.Fatalf("step %d: the client reads %.200q, want %.200q; stderr: %s", i, got, s.Text, h.Stderr)
			}
		}
		before = s
	}
}

// pauseWithin waits a moment if s continues a line that before began.
func pauseWithin(before, s Step) {
	if before.From == s.From && before.Text != "" && !strings.HasSuffix(before.Text, "\n") {
		time.Sleep(partPause)
	}
}

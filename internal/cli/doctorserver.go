package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/internal/doctor"
	"github.com/spanpipe/spanpipe/internal/player"
	"github.com/spanpipe/spanpipe/internal/proctree"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/wrap"
)

// This file starts a server for "spanpipe doctor", through the relay, and notes what it does.

// unknownProtocol is a version that no server can know.
const unknownProtocol = "2099-12-31"

// examination is one start of a server.
type examination struct {
	*doctor.Run
	*app
	command []string
	timeout time.Duration // for each answer
	grace   time.Duration // for its end, at each step
	signals bool          // end it by SIGTERM, while its input is open

	session *player.Session
	server  *wrap.Server
	stderr  *beginning
}

// examine starts a server twice, and once more for each other version of MCP if it is well and leaves nothing behind. It returns
// false if a signal to this process has ended it.
func (a *app) examine(how examination) (*doctor.Server, bool) {
	s := &doctor.Server{Command: how.command, Orphans: proctree.Supported, Signals: runtime.GOOS != "windows"}
	starts := []string{"", unknownProtocol}
	for i := 0; i < len(starts); i++ { // more may follow
		asked := starts[i]
		a.progress("starting the server, " + []string{"for a session", "for protocol version " + asked}[min(i, 1)])
		e := how
		e.Run, e.signals = &doctor.Run{Asked: asked}, i == 1 && s.Signals
		status, err := e.run()
		if start, ok := errors.AsType[*wrap.StartError](err); ok {
			s.Unable, s.Hint = start.Error(), cmp.Or(start.Hint, "run it by hand, to see why")
			return s, true
		} else if err != nil {
			s.Unable, s.Hint = err.Error(), "run it by hand, to see why"
			return s, true
		}
		if status.End == wrap.Signaled && e.Forced == "" { // a person has pressed Ctrl-C
			a.status = status
			return nil, false
		}
		switch i {
		case 0:
			if s.First = e.Run; e.Problem != "" {
				starts = nil
			}
		case 1:
			if s.Second = e.Run; len(s.First.Left)+len(e.Left) == 0 {
				starts = append(starts, slices.DeleteFunc(player.Versions(), func(v string) bool { return v == s.First.Protocol })...)
			}
		default:
			s.Others = append(s.Others, e.Run)
		}
	}
	a.progress("")
	return s, true
}

// run starts the server, uses and ends it. It returns how the server has ended.
func (e *examination) run() (status wrap.Status, err error) {
	var files []*os.File // three pipes: each with the end to read first
	for range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			return status, err
		}
		files = append(files, r, w)
	}
	before := map[int]bool{}
	for _, p := range proctree.Children(os.Getpid()) {
		before[p.PID] = true
	}
	e.server, err = wrap.Start(wrap.Config{
		Command: e.command, Env: serverEnvironment(e.Environ), Logger: e.printer.logger(&e.options, e.named),
		Stdin: files[0], Stdout: files[3], Stderr: files[5],
	})
	_ = files[5].Close() // the server has it
	if err != nil {
		_, _, _ = files[1].Close(), files[2].Close(), files[4].Close()
		return status, err
	}
	e.stderr = &beginning{}
	read := make(chan struct{})
	go func() { // ends when no process has the other end, or when it is closed below
		defer close(read)
		_, _ = io.Copy(e.stderr, files[4])
	}()
	e.use(files[2], files[1])
	e.end()
	if proctree.Supported {
		if e.Left = leftOver(before, e.server.Pid()); len(e.Left) > 0 {
			endLeft(before, e.server.Pid())
		}
	}
	status = e.server.Wait()
	e.server.Close()
	_ = files[4].Close()
	<-read
	_ = files[2].Close() // the player has read to the end
	e.conclude(status)
	return status, nil
}

// use opens a session and asks for the lists.
func (e *examination) use(in io.Reader, out io.WriteCloser) {
	ctx := context.Background() // each answer has a timeout
	started := e.server.Started()
	s, err := player.Open(ctx, player.Config{
		In: in, Out: out, Name: "spanpipe-doctor", Version: e.Build.complete().Version, Timeout: e.timeout, Protocol: e.Asked,
	})
	e.Answered = time.Since(started)
	e.session, e.Protocol = s, s.Protocol
	if !semconv.IsVersion(s.Protocol) {
		e.Protocol = shortened(s.Protocol)
	}
	e.Name = peer(record.Peer{Name: cleanIf(s.Name), Version: cleanIf(s.Version)})
	if err == nil && e.Asked == "" {
		err = e.list(ctx)
	}
	if err != nil {
		e.fail(err)
	}
}

// list asks for what the server offers. The error is one that ends the session.
func (e *examination) list(ctx context.Context) error {
	for _, list := range []player.List{player.Tools, player.Resources, player.Templates, player.Prompts} {
		if !e.session.Offers(list.Capability) {
			continue
		}
		e.progress(list.Method)
		l := doctor.List{Noun: entryNouns[list]}
		began := time.Now()
		err := e.session.Pages(ctx, list, func(entries []json.RawMessage) error {
			if l.Pages++; l.Pages > mostPages {
				return fmt.Errorf("%s leads to further pages without an end: %d so far", list.Method, mostPages)
			}
			if time.Since(began) > e.timeout {
				return fmt.Errorf("%s has further pages after %v: %d so far", list.Method, e.timeout, l.Pages)
			}
			e.progress(fmt.Sprintf("%s after page %d", list.Method, l.Pages))
			for _, entry := range entries {
				addEntry(&l, entry)
			}
			return nil
		})
		l.Took = time.Since(began)
		refused, isRefusal := errors.AsType[*player.Error](err)
		switch {
		case isRefusal && list == player.Templates && refused.Code == player.MethodNotFound:
			continue // servers with resources need not have templates
		case isRefusal:
			l.Refused = fmt.Sprintf("error %d, %q", refused.Code, shortened(refused.Message))
		case err != nil:
			return err
		}
		e.Lists = append(e.Lists, l)
	}
	return nil
}

// mostPages bounds a list: a server may name a further page each time.
const mostPages = 1000

// addEntry adds an entry to what is known of a list.
func addEntry(l *doctor.List, text json.RawMessage) {
	l.Length++
	l.Bytes += int64(len(text))
	l.Tokens += doctor.Tokens(text)
	var entry struct{ Name, Description string }
	_ = json.Unmarshal(text, &entry) // another form has no description
	if characters := len(utf16.Encode([]rune(entry.Description))); doctor.Long(int64(characters)) {
		l.Long = append(l.Long, clean([]byte(entry.Name)))
	}
}

// fail notes why there is no session, or why it ended early.
func (e *examination) fail(err error) {
	end, ended := errors.AsType[*player.EndedError](err)
	unanswered, late := errors.AsType[*player.NoAnswerError](err)
	refused, refuses := errors.AsType[*player.Error](err)
	switch {
	case errors.Is(err, player.ErrTooLong):
		e.Problem = "writes " + player.ErrTooLong.Error() + " instead of an answer to " + end.Method
	case ended:
		e.Problem, e.Ended = "ends before it has answered "+end.Method, "unknown"
	case late:
		e.Problem, e.NoAnswer = fmt.Sprintf("does not answer %s within %v", unanswered.Method, unanswered.After), true
		sent, taken := e.server.Taken()
		e.Ignored = sent > 0 && taken < sent && unanswered.Method == "initialize"
	case refuses:
		e.Problem = fmt.Sprintf("refuses initialize: error %d, %q", refused.Code, shortened(refused.Message))
	default:
		e.Problem = masked(err.Error(), false) // it may quote the server
	}
}

// end ends the server as clients do, and notes how long that takes.
func (e *examination) end() {
	e.progress("ending the server")
	began := time.Now()
	if e.signals && e.Ended == "" {
		e.server.Terminate(false)
	} else {
		_ = e.session.Close() // a server that has ended already has closed it
	}
	signals := []string{"SIGTERM", "SIGKILL"}
	if e.signals {
		signals = signals[1:]
	}
	for _, signal := range signals {
		select {
		case <-e.server.Exited():
			continue
		case <-time.After(e.grace):
			e.Forced = signal
			e.server.Terminate(signal == "SIGKILL")
		}
	}
	<-e.server.Exited()
	e.Took = time.Since(began)
	if e.signals && e.Ended == "" {
		_ = e.session.Close()
	}
}

// conclude notes what is known once everything that the server wrote has been read.
func (e *examination) conclude(status wrap.Status) {
	strays := e.session.Strays()
	e.Strays, e.Stray = strays.Lines, shortened(strays.First)
	e.Said = shortened(e.stderr.text())
	if e.Ended == "" {
		return
	}
	if e.Forced != "" { // its output has ended, and nothing else
		e.Problem, e.Ended = strings.Replace(e.Problem, "ends before", "closes stdout before", 1), ""
		return
	}
	if e.Ended = fmt.Sprintf("exit code %d", status.Code); status.Signal != 0 {
		e.Ended = "ended by " + cmp.Or(status.SignalName(), "a signal")
	}
	e.Ended += " after " + view.Duration(e.Answered)
}

// leftGrace is how long processes may outlive a server.
const leftGrace = 500 * time.Millisecond

// leftOver returns the processes that a server has left, once they have had time to end. They are children of this process
// now, or descend from such children.
func leftOver(before map[int]bool, server int) (left []doctor.Left) {
	for deadline := time.Now().Add(leftGrace); ; time.Sleep(20 * time.Millisecond) {
		all := descendants(before, server)
		if len(all) > 0 && time.Now().Before(deadline) {
			continue
		}
		look, session := proctree.Looker(), proctree.Session(os.Getpid())
		for _, p := range all {
			info, _ := look(p.PID)
			name := clean([]byte(cmp.Or(info.Program, fmt.Sprintf("process %d", p.PID))))
			left = append(left, doctor.Left{Name: name, Own: p.Session != session})
		}
		return left
	}
}

// endLeft ends what a server has left, also what is in a session of its own, which the relay leaves alone: a daemon of a session
// that was only a test is of no use to its user.
func endLeft(before map[int]bool, server int) {
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Kill} {
		for deadline, signaled := time.Now().Add(leftGrace), map[int]bool{}; ; time.Sleep(20 * time.Millisecond) {
			left := descendants(before, server)
			if len(left) == 0 {
				return
			}
			if time.Now().After(deadline) {
				break
			}
			for _, p := range left {
				if one, err := os.FindProcess(p.PID); err == nil && !signaled[p.PID] {
					signaled[p.PID] = true
					_ = one.Signal(signal) // fails if it has just ended
				}
			}
		}
	}
}

// descendants returns the processes below this one but for the server and those from before.
func descendants(before map[int]bool, server int) (left []proctree.Process) {
	for parents := []int{os.Getpid()}; len(parents) > 0; parents = parents[1:] {
		for _, p := range proctree.Children(parents[0]) {
			if p.Zombie || before[p.PID] || p.PID == server {
				continue
			}
			left = append(left, p)
			parents = append(parents, p.PID)
		}
	}
	return left
}

// strayBytes is the length from which on a text without a line end may have been cut.
const strayBytes = 190

// shortened returns the beginning of what a server wrote, without secrets.
func shortened(text string) string {
	const most = 20
	line, _, whole := strings.Cut(strings.TrimSpace(text), "\n")
	line = strings.Map(func(r rune) rune { // the text is quoted, so that an escape would be escaped again
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, masked(line, !whole && len(text) >= strayBytes))
	if utf8.RuneCountInString(line) > most {
		line = string([]rune(line)[:most-1]) + "…"
	}
	return line
}

// masked returns a line without the secrets in it.
func masked(line string, cut bool) string {
	r, err := redact.New(redact.Config{})
	if err != nil || line == "" {
		return ""
	}
	return r.Text([]byte(line), cut, len(line)*redactedGrowth)
}

// cleanIf returns what a server calls itself, if it does.
func cleanIf(name string) string {
	if name == "" {
		return ""
	}
	return clean([]byte(name))
}

// beginning keeps the first bytes of what is written to it.
type beginning struct {
	mu   sync.Mutex
	kept []byte
}

// Write implements io.Writer. It never fails.
func (b *beginning) Write(p []byte) (int, error) {
	const most = 1000
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = append(b.kept, p[:min(len(p), most-min(most, len(b.kept)))]...)
	return len(p), nil
}

func (b *beginning) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.ToValidUTF8(string(b.kept), "")
}

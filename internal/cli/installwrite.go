package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/clients/backup"
	"github.com/spanpipe/spanpipe/internal/view"
)

// write writes the files, each by itself, and reports those that it could not.
func (i *installation) write(p *plan) {
	for _, e := range p.edits {
		linked, err := i.store.Write(e.Edit)
		e.err, e.wrote = err, err == nil || errors.Is(err, backup.ErrKept)
		if linked {
			e.note = view.Safe(i.tilde(e.Path)) + " had another name, a hard link, which keeps the old text"
			i.warn(e.note)
		}
	}
	i.lookAgain(p)
	i.reportErrors(p.edits)
}

// rewrittenAfter is how long a client that rewrites its file is given to undo an edit.
const rewrittenAfter = 3 * time.Second

// errOverwritten is the error of an edit that a client has undone.
var errOverwritten = errors.New("was overwritten by its client, and the edit is lost")

// lookAgain finds out whether clients that rewrite their files have undone an edit.
func (i *installation) lookAgain(p *plan) {
	var again []*plannedEdit
	for _, e := range p.edits {
		if e.wrote && slices.ContainsFunc(e.Files, func(f *clients.File) bool { return f.Place.Rewritten }) {
			again = append(again, e)
		}
	}
	if len(again) == 0 {
		return
	}
	i.sleep(rewrittenAfter)
	for _, e := range again {
		text, err := os.ReadFile(e.Path)
		if err == nil && e.holds(text) {
			continue
		}
		e.err, e.wrote = errOverwritten, false
	}
}

// holds reports whether the servers of an edit are in a text as the edit has left them.
func (e *plannedEdit) holds(text []byte) bool {
	for _, part := range e.parts {
		was := map[string]clients.State{}
		for _, s := range part.file.Reread(e.After).Servers {
			was[s.Path.String()] = s.State
		}
		now := part.file.Reread(text)
		for _, s := range part.servers {
			at := slices.IndexFunc(now.Servers, func(n *clients.Server) bool { return n.Path.String() == s.Path.String() })
			if at < 0 || now.Servers[at].State != was[s.Path.String()] {
				return false
			}
		}
	}
	return true
}

// sleep waits.
func (a *app) sleep(d time.Duration) {
	if a.Sleep != nil {
		a.Sleep(d)
		return
	}
	time.Sleep(d)
}

// reportErrors says which files could not be written, and why.
func (i *installation) reportErrors(edits []*plannedEdit) {
	for _, e := range edits {
		if e.err == nil {
			continue
		}
		i.status.Code = exitUnwritten
		message, hint := i.problem(e)
		i.printer.tell(&i.options, i.named, slog.LevelError, message, hint)
	}
}

// reportUnmet says which servers that are named could be wrapped nowhere.
func (i *installation) reportUnmet(p *plan) {
	if i.undo {
		return
	}
	for _, name := range i.servers {
		met := slices.ContainsFunc(i.found, func(f *clients.File) bool {
			return slices.ContainsFunc(f.Servers, func(s *clients.Server) bool { return s.Name == name && s.State == clients.Wrapped })
		}) || slices.ContainsFunc(p.choices(), func(c choice) bool { return c.named(name) })
		at := slices.IndexFunc(p.left, func(l leftAlone) bool { return l.server != nil && l.server.Name == name })
		if !met && at >= 0 {
			why := p.left[at].why
			if p.left[at].server.State == clients.Remote {
				why = "it is remote"
			}
			i.status.Code = exitUnwritten
			i.printer.tell(&i.options, i.named, slog.LevelError, name+" was not wrapped: "+why, "")
		}
	}
}

// problem says what is wrong with a file that could not be written, and what to do.
func (i *installation) problem(e *plannedEdit) (message, hint string) {
	path, name := i.tilde(e.Path), e.parts[0].file.Client.Name
	again := "close " + name + " and run it again"
	damaged, isDamaged := errors.AsType[*backup.DamagedError](e.err)
	unread, isUnread := errors.AsType[*unreadError](e.err)
	inner, isPath := errors.AsType[*fs.PathError](e.err)
	switch {
	case isUnread:
		return path + " " + unread.Error(), ""
	case errors.Is(e.err, backup.ErrChanged):
		return path + " " + e.err.Error(), "nothing was written there; " + again
	case errors.Is(e.err, errOverwritten):
		return path + " " + e.err.Error(), again
	case errors.Is(e.err, backup.ErrKept):
		return path + " was written, but " + e.err.Error(), "the backups are in " + i.tilde(i.store.Dir)
	case errors.Is(e.err, backup.ErrBusy):
		return e.err.Error(), "run it again when that is done"
	case errors.Is(e.err, backup.ErrLater):
		return path + " was not written: " + i.tilde(damaged.Path) + " cannot be used: " + damaged.Err.Error(),
			"run it with that version, which spanpipe version shows"
	case isDamaged:
		return path + " was not written: " + i.tilde(damaged.Path) + " is damaged: " + damaged.Err.Error(),
			"move that file away and run it again; spanpipe then has nothing to go by but the entries themselves"
	case isPath && errors.Is(inner.Err, fs.ErrNotExist) && inner.Path == e.Path:
		return path + " is gone since it was read", "run it again"
	case isPath && (strings.HasPrefix(i.store.Dir, inner.Path) || strings.HasPrefix(inner.Path, i.store.Dir)):
		return path + " was not written: " + e.err.Error(), "what the file was has to be kept: SPANPIPE_DIR names another directory"
	case isPath && inner.Path == e.Path:
		return path + " was not written: " + inner.Err.Error(), "make it writable, or edit it by hand; its servers: spanpipe clients"
	}
	return path + " was not written: " + e.err.Error(), "spanpipe clients shows what each file holds"
}

// finish writes, and says what was written.
func (i *installation) finish(p *plan) error {
	i.write(p)
	var text string
	if slices.ContainsFunc(p.edits, func(e *plannedEdit) bool { return e.wrote }) {
		text = i.sideText() + i.summary(p, false) + "\n"
		for _, e := range p.edits {
			if e.wrote {
				text += i.written(e)
			}
		}
		text += "\n"
	}
	done := &plan{left: p.left, kept: p.kept, refused: p.refused, edits: slices.DeleteFunc(slices.Clone(p.edits), func(e *plannedEdit) bool { return !e.wrote })}
	closing := ""
	if !i.undo && len(done.edits) > 0 {
		closing = "The files as they were are kept in " + i.tilde(i.store.Dir)
	}
	_, err := io.WriteString(i.Stdout, i.screen().Text(text)+i.last(done, closing))
	return err
}

// written names a file that was written and its servers.
func (i *installation) written(e *plannedEdit) (text string) {
	for _, part := range e.parts {
		var names []string
		for _, s := range part.servers {
			names = append(names, view.Safe(s.Name))
		}
		text += i.place(part.file) + ", " + view.Safe(i.tilde(part.file.Path)) + ": " + strings.Join(names, ", ") + "\n"
	}
	return text
}

// ask shows the changes and writes them if the answer is yes. Each answer that is a number leaves a server out, or takes it in
// again, and shows the changes that are left.
func (i *installation) ask(p *plan) error {
	all, answers := p.choices(), bufio.NewScanner(i.Stdin)
	show := true
	for {
		if show {
			text := ""
			if len(p.edits) > 0 {
				text = i.preview(p)
			}
			text += i.last(p, "") + "\n" + i.numbered(all) // last: the differences may be longer than the screen
			if _, err := io.WriteString(i.Stdout, text); err != nil {
				return err
			}
		}
		_, _ = io.WriteString(i.Stdout, i.fold("A number leaves a server out, or takes it in again; c shows what is collected.")+
			"\nWrite these changes? y, n, c or a number: ")
		if !answers.Scan() {
			_, err := io.WriteString(i.Stdout, "\nNothing was written.\n")
			return err
		}
		show = false
		switch answer := strings.ToLower(strings.TrimSpace(answers.Text())); answer {
		case "y", "yes":
			if len(p.edits) > 0 {
				return i.finish(p)
			}
			fallthrough
		case "n", "no", "q":
			_, err := io.WriteString(i.Stdout, "Nothing was written.\n")
			return err
		case "c":
			if err := i.explainConsent(); err != nil {
				return err
			}
		default:
			if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(all) {
				i.out[all[n-1]] = !i.out[all[n-1]]
				p, show = i.plan(), true
			}
		}
	}
}

// numbered lists the servers that can be left out.
func (i *installation) numbered(all []choice) string {
	var b strings.Builder
	for n, c := range all {
		mark := "x"
		if i.out[c] {
			mark = " "
		}
		at := slices.IndexFunc(c.file.Servers, func(s *clients.Server) bool { return s.Path.String() == c.server })
		fmt.Fprintf(&b, "%3d [%s] %s: %s\n", n+1, mark, i.place(c.file), view.Safe(c.file.Servers[at].Name))
	}
	return i.screen().Text(b.String()) + "\n"
}

// closeFirst asks to close clients that rewrite their files.
func (i *installation) closeFirst(p *plan) (lines []string) {
	for _, e := range p.edits {
		for _, part := range e.parts {
			line := fmt.Sprintf("First close %s: while it runs, it rewrites %s.\n", part.file.Client.Name, view.Safe(i.tilde(e.Path)))
			if part.file.Place.Rewritten && !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// explainConsent prints what "spanpipe consent" does in the environment that install gives to servers.
func (i *installation) explainConsent() error {
	b := &app{Process: i.Process, printer: i.printer, named: i.named}
	b.Environ = serverEnvironment(i.Environ)
	for _, v := range i.wrapping.Env {
		b.Environ = append(b.Environ, v.Name+"="+v.Value)
	}
	b.settings = b.options.settings()
	policy, err := b.decide(consent.Decide)
	if err != nil {
		return err
	}
	_, err = io.WriteString(i.Stdout, "\n"+b.explain(policy).text(width(i.Stdout, math.MaxInt))+"\n")
	return err
}

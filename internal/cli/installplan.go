package cli

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/clients/backup"
	"github.com/spanpipe/spanpipe/internal/clients/edit"
	"github.com/spanpipe/spanpipe/internal/view"
)

// plan is what install or uninstall would do.
type plan struct {
	edits   []*plannedEdit
	left    []leftAlone
	kept    []string       // variables of servers: that have another value than install gives, or that uninstall may leave behind
	refused []*plannedEdit // that cannot even be planned

	found int // local servers that are as they should be already
	files int // in which these are
}

// plannedEdit is a file that changes.
type plannedEdit struct {
	*backup.Edit
	parts []plannedPart
	err   error // why it was not written
	note  string
	wrote bool

	snippet string // what can be pasted by hand where it cannot be edited
}

// plannedPart is what changes in one of the places of a file.
type plannedPart struct {
	file    *clients.File
	servers []*clients.Server // as they were
}

// leftAlone is a server, or with all of them a file, that is left as it is.
type leftAlone struct {
	file    *clients.File
	server  *clients.Server // nil: the file
	why     string
	snippet string // what can be pasted by hand
}

// plan works out what is to be done. It reads nothing but backups.
func (i *installation) plan() *plan {
	p := &plan{}
	groups, order := map[string][]*clients.File{}, []string{}
	for _, f := range i.found {
		if f.Err != nil {
			i.leaveFile(p, f)
			continue
		}
		target, err := backup.Target(f.Path)
		if err != nil {
			p.left = append(p.left, leftAlone{file: f, why: i.why(err)})
			continue
		}
		if groups[target] == nil {
			order = append(order, target)
		}
		groups[target] = append(groups[target], f)
	}
	for _, target := range order {
		if i.undo {
			i.planUndo(p, target, groups[target])
		} else {
			i.planWrap(p, target, groups[target])
		}
	}
	return p
}

// why returns an error without the file's name, which is said beside it.
func (i *installation) why(err error) string {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		return inner.Err.Error()
	}
	return err.Error()
}

// planWrap plans to wrap the servers of a file.
func (i *installation) planWrap(p *plan, target string, files []*clients.File) {
	e := &plannedEdit{Edit: &backup.Edit{Path: target, Files: files, Before: files[0].Raw, After: files[0].Raw}}
	local := 0
	for _, f := range files {
		now, part := f, plannedPart{file: f}
		if string(e.After) != string(f.Raw) {
			now = f.Reread(e.After)
		}
		var servers []*clients.Server
		for n, s := range now.Servers {
			switch {
			case !i.asked(s):
			case s.State == clients.Wrapped, s.State == clients.NotWrapped:
				servers = append(servers, now.Servers[n])
			default:
				p.left = append(p.left, i.leave(f, s, ""))
			}
		}
		local += len(servers)
		left := len(p.left)
		for _, change := range i.wrap(p, f, now, servers) {
			e.After = change.After
			part.servers = append(part.servers, change.Servers...)
		}
		local -= len(p.left) - left
		if len(part.servers) > 0 {
			e.parts = append(e.parts, part)
			e.Servers = append(e.Servers, part.servers...)
		}
		p.kept = append(p.kept, i.kept(f, e.After)...)
	}
	p.add(e, local)
}

// kept returns the variables of wrapped servers that have another value than they would be given.
func (i *installation) kept(f *clients.File, text []byte) (all []string) {
	if string(text) != string(f.Raw) {
		f = f.Reread(text)
	}
	given := i.wrappingOf(f).Env
	for _, s := range f.Servers {
		for _, v := range s.Env {
			another := func(g clients.Var) bool { return g.Name == v.Name && g.Value != v.Value }
			if s.State != clients.Wrapped || !i.asked(s) || !slices.ContainsFunc(given, another) {
				continue
			}
			value := mask
			if isShown(v.Name, v.Value) {
				value = v.Value
			}
			all = append(all, view.Safe(v.Name+"="+value+" of "+s.Name))
		}
	}
	return all
}

// add adds a file to the plan if it changes.
func (p *plan) add(e *plannedEdit, local int) {
	if len(e.Servers) > 0 && string(e.Before) != string(e.After) {
		p.edits = append(p.edits, e)
	}
	if local > 0 {
		p.found, p.files = p.found+local, p.files+1
	}
}

// choices returns the servers that change, in the order of the files.
func (p *plan) choices() (all []choice) {
	for _, e := range p.edits {
		for _, part := range e.parts {
			for _, s := range part.servers {
				all = append(all, chosen(part.file, s))
			}
		}
	}
	return all
}

// wrap wraps servers, all at once or else one by one: what cannot be done for one is left alone.
func (i *installation) wrap(p *plan, f, now *clients.File, servers []*clients.Server) (changes []*clients.Change) {
	var in []*clients.Server
	for _, s := range servers {
		if !i.out[chosen(f, s)] {
			in = append(in, s)
		}
	}
	if len(in) == 0 {
		return nil
	}
	change, err := now.Wrap(in, i.wrappingOf(f))
	switch {
	case err == nil:
		return []*clients.Change{change}
	case len(in) == 1:
		p.left = append(p.left, i.leave(f, in[0], strings.TrimPrefix(err.Error(), in[0].Name+": ")))
		return nil
	}
	for _, s := range in {
		for _, fresh := range now.Servers {
			if fresh.Path.String() != s.Path.String() {
				continue
			}
			if one := i.wrap(p, f, now, []*clients.Server{fresh}); len(one) > 0 {
				changes = append(changes, one...)
				now = now.Reread(one[0].After)
			}
			break
		}
	}
	return changes
}

// leaveFile leaves a file alone that cannot be read, and says what to paste by hand if its client can read it. That is an error, unless
// nothing may be due there: servers are named, which may be elsewhere, the place is never edited, or spanpipe is not in the text.
func (i *installation) leaveFile(p *plan, f *clients.File) {
	if len(i.servers) > 0 || f.Place.Print != "" || i.undo && f.Raw != nil && !bytes.Contains(f.Raw, []byte("spanpipe")) {
		p.left = append(p.left, leftAlone{file: f, why: i.why(f.Err)})
		return
	}
	e := &plannedEdit{Edit: &backup.Edit{Path: f.Path, Files: []*clients.File{f}}, parts: []plannedPart{{file: f}}, err: &unreadError{i.why(f.Err)}}
	if syntax, ok := errors.AsType[*edit.SyntaxError](f.Err); ok && !syntax.Broken && !i.undo {
		e.snippet = clients.Snippet(f.Client, &clients.Server{Name: "NAME"}, i.wrappingOf(f))
	}
	p.refused = append(p.refused, e)
}

// unreadError is the error of a file that was to be edited and cannot be read.
type unreadError struct{ why string }

func (e *unreadError) Error() string { return "cannot be read and was left alone: " + e.why }

// leave says why a server is left alone, and what to paste by hand.
func (i *installation) leave(f *clients.File, s *clients.Server, why string) leftAlone {
	l := leftAlone{file: f, server: s, why: why}
	switch {
	case why != "":
	case s.Why != "":
		l.why = s.Why
	default:
		l.why = string(s.State)
	}
	if s.State != clients.Remote && s.Command != "" && !i.undo {
		l.snippet = clients.Snippet(f.Client, s, i.wrappingOf(f))
	}
	return l
}

// planUndo plans to unwrap the servers of a file.
func (i *installation) planUndo(p *plan, target string, files []*clients.File) {
	meant := func(f *clients.File, s *clients.Server) bool { return i.asked(s) && !i.out[chosen(f, s)] }
	undone, err := i.store.Undo(target, files, meant)
	if err != nil {
		failed := &backup.Edit{Path: target, Files: files}
		p.refused = append(p.refused, &plannedEdit{Edit: failed, parts: []plannedPart{{file: files[0]}}, err: err})
		return
	}
	e, local := &plannedEdit{Edit: undone}, 0
	for _, f := range files {
		part := plannedPart{file: f}
		for _, s := range f.Servers {
			if s.State == clients.Wrapped && meant(f, s) {
				part.servers = append(part.servers, s)
			}
			if s.State == clients.NotWrapped && i.asked(s) {
				local++
			}
		}
		if len(part.servers) > 0 {
			e.parts = append(e.parts, part)
			p.kept = append(p.kept, i.remaining(target, part, e.After)...)
		}
	}
	p.add(e, local)
}

// remaining returns the variables of unwrapped servers that install may have set, where what they were is not kept: their names do not
// show whose they are.
func (i *installation) remaining(target string, part plannedPart, text []byte) (all []string) {
	if len(i.store.Kept(target)) > 0 {
		return nil
	}
	for _, s := range part.file.Reread(text).Servers {
		was := func(o *clients.Server) bool { return o.Path.String() == s.Path.String() }
		for _, v := range s.Env {
			if strings.HasPrefix(v.Name, "OTEL_") && slices.ContainsFunc(part.servers, was) {
				all = append(all, view.Safe(v.Name+" of "+s.Name))
			}
		}
	}
	return all
}

// wrappingOf returns what is put in front of the servers of a file.
func (i *installation) wrappingOf(f *clients.File) clients.Wrapping {
	if f.Scope == clients.Project {
		return i.shared
	}
	return i.wrapping
}

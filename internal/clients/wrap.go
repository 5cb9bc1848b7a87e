package clients

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// Wrap returns the file with spanpipe in front of servers. Those that are wrapped already get the variables that they lack, the
// values that were asked for, and the program if it has moved. A place that is only printed is refused. Unwrap does not refuse
// it, because its owner may have wrapped servers there: by hand, or with install --config.
func (f *File) Wrap(servers []*Server, w Wrapping) (*Change, error) {
	if f.Place.Print != "" {
		return nil, errors.New("it is only printed, because " + f.Place.Print)
	}
	return f.change(servers, func(doc *edit.File, s *Server) (*edit.File, error) {
		e := f.Place.shape().at(doc, s.Path)
		doc, err := withEnv(doc, e.env, w)
		switch {
		case err != nil:
			return nil, err
		case s.State != Wrapped:
			return prefix(doc, e, w.Program)
		case s.Program == w.Program:
			return doc, nil
		case e.args == nil:
			return doc.Set(slices.Concat(e.command, edit.Path{"0"}), edit.Text(w.Program))
		}
		return doc.Set(e.command, edit.Text(w.Program))
	})
}

// Unwrap returns the file without spanpipe in front of servers, and without the variables whose names begin with SPANPIPE_.
// What Wrap had to add, it removes, as far as the entry shows it: an empty list of arguments may stay. Of other variables the
// entry does not show who has set them. Where it is known what a server had before and after Wrap, those that still have the
// value of after get that of before; was may be nil.
func (f *File) Unwrap(servers []*Server, was func(*Server) (before, after []Var)) (*Change, error) {
	return f.change(servers, func(doc *edit.File, s *Server) (*edit.File, error) {
		if s.State != Wrapped {
			return doc, nil
		}
		e := f.Place.shape().at(doc, s.Path)
		doc, err := stripped(doc, e, s, f.Format)
		if err != nil {
			return nil, err
		}
		var back map[Var]*string
		if was != nil {
			back = changedBack(was(s))
		}
		return withoutEnv(doc, e.env, back)
	})
}

// change applies an edit to servers, one after the other.
func (f *File) change(servers []*Server, edited func(*edit.File, *Server) (*edit.File, error)) (*Change, error) {
	switch {
	case f.Err != nil:
		return nil, f.Err
	case f.Scope == Managed:
		return nil, errors.New("administrators manage it")
	}
	c := &Change{File: f, Before: f.Raw}
	doc, err := f.Doc.Edit(f.Key, func(doc *edit.File) (*edit.File, error) {
		for _, s := range servers {
			if s.State != Wrapped && s.State != NotWrapped {
				return nil, fmt.Errorf("%s is %s: %s", s.Name, s.State, s.Why)
			}
			next, err := edited(doc, s)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.Name, err)
			}
			if !bytes.Equal(next.Text(), doc.Text()) {
				doc, c.Servers = next, append(c.Servers, s)
			}
		}
		return doc, nil
	})
	if err != nil {
		return nil, err
	}
	c.After = doc.Text()
	return c, nil
}

// prefix puts a program in front of the command of an entry.
func prefix(doc *edit.File, e entry, program string) (*edit.File, error) {
	if e.args == nil {
		return doc.Prepend(e.command, program, "--")
	}
	old := doc.Get(e.command).Text
	doc, err := doc.Set(e.command, edit.Text(program))
	if err != nil {
		return nil, err
	}
	if isNull(doc.Get(e.args)) {
		return doc.Set(e.args, edit.Strings("--", old))
	}
	return doc.Prepend(e.args, "--", old)
}

// stripped removes what prefix has put there.
func stripped(doc *edit.File, e entry, s *Server, format edit.Format) (*edit.File, error) {
	front := len(s.Own) + 1 // with "--"
	if e.args == nil {
		return doc.Drop(e.command, front+1)
	}
	command := doc.Get(slices.Concat(e.args, edit.Path{strconv.Itoa(front)}))
	if command.Kind != edit.String {
		return nil, errors.New("the command behind spanpipe's -- is not a string")
	}
	doc, err := doc.Set(e.command, edit.Text(command.Text))
	if err != nil {
		return nil, err
	}
	if doc, err = doc.Drop(e.args, front+1); err != nil {
		return nil, err
	}
	if len(doc.Get(e.args).Items) == 0 && (format == edit.TOML || addedArgs(doc, e)) { // in TOML it is always optional
		return doc.Delete(e.args)
	}
	return doc, nil
}

// addedArgs reports whether Wrap added the list of arguments: it does so after the environment, and people do not.
func addedArgs(doc *edit.File, e entry) bool {
	above := doc.Get(e.args[:len(e.args)-1]).Members
	n := len(above)
	return n > 1 && above[n-1].Name == e.args[len(e.args)-1] && above[n-2].Name == e.env[len(e.env)-1]
}

// withEnv adds the variables that an entry lacks. What a person has set there stays, unless another value was asked for.
func withEnv(doc *edit.File, path edit.Path, w Wrapping) (*edit.File, error) {
	env := doc.Get(path)
	var due []*edit.Member
	for _, v := range w.Env {
		now := member(env, v.Name)
		if now == nil || slices.Contains(w.Asked, v.Name) && (now.Kind != edit.String || now.Text != v.Value) {
			due = append(due, edit.Pair(v.Name, v.Value))
		}
	}
	if isNull(env) && len(due) > 0 {
		return doc.Set(path, edit.Object(due...))
	}
	var err error
	for _, m := range due {
		if doc, err = doc.Set(slices.Concat(path, edit.Path{m.Name}), m.Value); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// changedBack returns what the variables of after were in before: nil for those that were not there.
func changedBack(before, after []Var) map[Var]*string {
	back := map[Var]*string{}
	for _, v := range after {
		at := slices.IndexFunc(before, func(b Var) bool { return b.Name == v.Name })
		if back[v] = nil; at >= 0 {
			back[v] = &before[at].Value
		}
	}
	return back
}

// withoutEnv removes spanpipe's variables, and an environment that has held nothing else and that Wrap may have added. Variables
// of back get the value that they had.
func withoutEnv(doc *edit.File, path edit.Path, back map[Var]*string) (*edit.File, error) {
	env := doc.Get(path)
	if env == nil || len(env.Members) == 0 {
		return doc, nil
	}
	own := func(m *edit.Member) bool {
		value, known := back[Var{m.Name, m.Value.Text}]
		return value == nil && (known || strings.HasPrefix(m.Name, "SPANPIPE_"))
	}
	above := doc.Get(path[:len(path)-1]).Members
	if last := above[len(above)-1].Value == env; last && !slices.ContainsFunc(env.Members, func(m *edit.Member) bool { return !own(m) }) {
		return doc.Delete(path)
	}
	var err error
	for _, m := range slices.Backward(env.Members) {
		at := slices.Concat(path, edit.Path{m.Name})
		if own(m) {
			doc, err = doc.Delete(at)
		} else if value := back[Var{m.Name, m.Value.Text}]; value != nil && *value != m.Value.Text {
			doc, err = doc.Set(at, edit.Text(*value))
		}
		if err != nil {
			return nil, err
		}
	}
	return doc, nil
}

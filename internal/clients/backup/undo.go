package backup

import (
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

type choice = func(*clients.File, *clients.Server) bool

// undo returns a text without spanpipe in front of the servers that are meant. It first takes back the lines that spanpipe has
// changed, which brings back what the structure of an entry does not say, such as a comment or that a list was absent. That
// counts only if the result means what the structure says.
func undo(files []*clients.File, now, before, left []byte, meant choice) ([]byte, error) {
	variables := variablesOf(files, before, left)
	plain, err := unwrap(files, now, meant, variables)
	if err != nil || before == nil {
		return plain, err
	}
	text, err := unwrap(files, revert(before, left, now, linesOf(files, left, meant)), meant, variables)
	if err == nil && sameMeaning(files[0], text, plain) && own(files[0], text) <= max(own(files[0], plain), own(files[0], before)) {
		return text, nil
	}
	return plain, nil // lines that others have changed, too, may have become anything
}

// own returns how many of spanpipe's variables a text has. A text in which a command was taken back, but not the variables beside it, is
// no result: nothing would remove them later.
func own(f *clients.File, text []byte) (count int) {
	var visit func(*edit.Node)
	visit = func(n *edit.Node) {
		for _, item := range n.Items {
			visit(item)
		}
		for _, m := range n.Members {
			if strings.HasPrefix(m.Name, "SPANPIPE_") {
				count++
			}
			visit(m.Value)
		}
	}
	if read := f.Reread(text); read.Err == nil {
		visit(read.Doc.Root())
	}
	return count
}

// unwrap removes spanpipe from a text by the structure of its entries.
func unwrap(files []*clients.File, text []byte, meant choice, variables history) ([]byte, error) {
	for n, all := 0, clients.RereadAll(files, text); n < len(files); {
		read := all[n]
		if read.Err != nil {
			return nil, read.Err
		}
		var servers []*clients.Server
		for _, s := range read.Servers {
			if s.State == clients.Wrapped && meant(files[n], s) {
				servers = append(servers, s)
			}
		}
		if len(servers) == 0 { // which one that is wrapped twice is only the second time
			n++
			continue
		}
		change, err := read.Unwrap(servers, func(s *clients.Server) (before, after []clients.Var) { return variables(n, s) })
		if err != nil {
			return nil, err
		}
		text = change.After
		all = clients.RereadAll(files, text)
	}
	return text, nil
}

// history returns the variables of a server of a file, by the file's number, before it was wrapped and after. There are none if
// they are not known.
type history func(file int, s *clients.Server) (before, after []clients.Var)

func variablesOf(files []*clients.File, before, left []byte) history {
	if before == nil {
		return func(int, *clients.Server) (before, after []clients.Var) { return nil, nil }
	}
	first, second := clients.RereadAll(files, before), clients.RereadAll(files, left)
	return func(file int, s *clients.Server) ([]clients.Var, []clients.Var) {
		was, is := named(first[file], s.Name), named(second[file], s.Name)
		if was == nil || is == nil {
			return nil, nil
		}
		return was.Env, is.Env
	}
}

// named returns the server of a name, or nil if there is none or are several.
func named(f *clients.File, name string) (found *clients.Server) {
	for _, s := range f.Servers {
		if s.Name != name {
			continue
		}
		if found != nil {
			return nil
		}
		found = s
	}
	return found
}

// wrapped returns the names of the servers of a text that spanpipe is in front of.
func wrapped(files []*clients.File, text []byte) (names []string) {
	for _, f := range clients.RereadAll(files, text) {
		for _, s := range f.Servers {
			if s.State == clients.Wrapped {
				names = append(names, s.Name)
			}
		}
	}
	return names
}

// linesOf returns a function that reports whether lines of a text belong to the servers that are meant, and to no others. If all
// are meant, so are all lines.
func linesOf(files []*clients.File, text []byte, meant choice) func(from, to int) bool {
	type start struct {
		line  int
		meant bool
	}
	var starts []start
	all := true
	for i, read := range clients.RereadAll(files, text) {
		f := files[i] // which is what is chosen by
		for _, s := range read.Servers {
			starts = append(starts, start{s.Line - 1, meant(f, s)})
			all = all && (s.State != clients.Wrapped || meant(f, s))
		}
	}
	slices.SortFunc(starts, func(a, b start) int { return a.line - b.line })
	return func(from, to int) bool {
		if all {
			return true
		}
		ok := false
		for i, s := range starts {
			end := to
			if i+1 < len(starts) {
				end = starts[i+1].line
			}
			if from >= s.line && to <= end {
				ok = s.meant
			}
		}
		return ok
	}
}

// sameMeaning reports whether two texts of a file mean the same: they have the same values, but for lists and maps without
// members, which may as well be absent, and spanpipe's own variables.
func sameMeaning(f *clients.File, a, b []byte) bool {
	x, y := f.Reread(a), f.Reread(b)
	return x.Err == nil && y.Err == nil && sameNode(x.Doc.Root(), y.Doc.Root())
}

func sameNode(a, b *edit.Node) bool {
	member := func(a, b *edit.Member) bool { return a.Name == b.Name && sameNode(a.Value, b.Value) }
	return a.Kind == b.Kind && a.Text == b.Text && slices.EqualFunc(a.Items, b.Items, sameNode) &&
		slices.EqualFunc(meaningful(a.Members), meaningful(b.Members), member)
}

// meaningful returns the members that say something, by name: in a TOML table a new value stands before others.
func meaningful(members []*edit.Member) []*edit.Member {
	members = slices.DeleteFunc(slices.Clone(members), func(m *edit.Member) bool {
		v := m.Value
		switch v.Kind {
		case edit.List:
			return len(v.Items) == 0
		case edit.Map:
			return len(meaningful(v.Members)) == 0
		case edit.Other:
			return v.Text == "null"
		}
		return strings.HasPrefix(m.Name, "SPANPIPE_")
	})
	slices.SortFunc(members, func(a, b *edit.Member) int { return strings.Compare(a.Name, b.Name) })
	return members
}

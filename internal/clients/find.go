package clients

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
	"github.com/spanpipe/spanpipe/internal/namedfile"
)

const (
	mostBytes = 8 << 20         // of a file
	patience  = 3 * time.Second // for a place on a file system that hangs
)

// Find returns what exists of the table's places, in its order.
func Find(m Machine) []*File {
	type row struct {
		client *Client
		place  *Place
	}
	var rows []row
	for _, c := range Table() {
		for _, p := range c.Places {
			rows = append(rows, row{c, p})
		}
	}
	found := make([][]*File, len(rows))
	var wait sync.WaitGroup
	for i, r := range rows { // at once, so that a home directory that hangs is waited for once
		wait.Go(func() { found[i] = find(r.client, r.place, m) })
	}
	wait.Wait()
	return distinct(slices.Concat(found...))
}

func find(c *Client, p *Place, m Machine) []*File {
	slow := namedfile.Slow(patience)
	read, err := namedfile.Within(patience, slow, func() (all []*File, err error) {
		for _, path := range p.existing(m) {
			all = append(all, load(c, p, path))
		}
		return all, nil
	})
	var files []*File // parsing a large one takes its time
	for _, f := range read {
		files = append(files, f.parts()...)
	}
	if candidates := p.candidates(m); err != nil && len(candidates) > 0 && p.Scope == User {
		f := newFile(c, p, candidates[0].base)
		f.Err = err
		return []*File{f}
	}
	return files
}

// isPlugin reports whether a path is of what Claude Code has installed.
func isPlugin(path string) bool { return strings.Contains(filepath.ToSlash(path), "/.claude/plugins/") }

const pluginsOwn = "it is a plugin's, which updates replace"

// Others returns why a file that is named is not its user's to edit, as a clause, or "".
func Others(m Machine, path string) string {
	if isPlugin(path) {
		return pluginsOwn
	}
	for _, c := range Table() {
		for _, p := range c.Places {
			managed := func(known string) bool { return SameFile(known, path) }
			if p.Scope == Managed && slices.ContainsFunc(p.existing(m), managed) {
				return p.Print
			}
		}
	}
	return ""
}

// SameFile reports whether two paths lead to one file.
func SameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

func newFile(c *Client, p *Place, path string) *File {
	if p.Scope == Project && isPlugin(path) {
		own := *p
		own.Print, p = pluginsOwn, &own
	}
	return &File{Client: c, Place: p, Scope: p.Scope, Path: path, target: path, Key: p.Key, Format: p.Format}
}

// open reads and parses the file of a place.
func open(c *Client, p *Place, path string) []*File { return load(c, p, path).parts() }

// load reads the file of a place.
func load(c *Client, p *Place, path string) *File {
	f := newFile(c, p, path)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		f.target = target
	}
	f.Raw, _, f.Err = namedfile.Read(path, mostBytes)
	if to, err := os.Readlink(path); err == nil && errors.Is(f.Err, fs.ErrNotExist) {
		f.Err = fmt.Errorf("it is a symbolic link to %s, which does not exist", to)
	}
	return f
}

// parts parses a file that was read. There is a File for each match of a * in the place's key.
func (f *File) parts() []*File {
	if f.Err == nil {
		f.parse(f.Raw)
	}
	p := f.Place
	star := slices.Index(p.Key, "*")
	if star < 0 {
		f.read()
		return []*File{f}
	}
	if f.Err != nil { // as the place of the whole file reports
		return nil
	}
	var all []*File
	for _, m := range members(f.Doc.Get(p.Key[:star])) {
		part := *f
		part.Project, part.Key = m.Name, slices.Concat(p.Key[:star], edit.Path{m.Name}, p.Key[star+1:])
		if part.read(); part.Err != nil || len(part.Servers) > 0 {
			all = append(all, &part)
		}
	}
	return all
}

func (f *File) parse(raw []byte) {
	f.Raw = raw
	f.Doc, f.Err = edit.Parse(f.Format, raw)
}

// read reads the servers of a parsed file.
func (f *File) read() {
	f.Servers = nil
	if f.Err != nil {
		return
	}
	node, want := f.Doc.Get(f.Key), edit.Map
	if f.Place.shape().List {
		want = edit.List
	}
	switch {
	case isNull(node):
	case node.Kind != want:
		f.Err = &edit.SyntaxError{Line: node.Line, Column: node.Column,
			Text: fmt.Sprintf("%s is %s, where %s of servers is due", f.Key, kindOf(node.Kind), kindOf(want))}
		f.Doc = nil
	default:
		for i, item := range node.Items {
			name := text(member(item, "name"))
			if name == "" {
				name = "#" + strconv.Itoa(i+1)
			}
			f.add(name, strconv.Itoa(i), item)
		}
		for _, m := range node.Members {
			f.add(m.Name, m.Name, m.Value)
		}
	}
}

// distinct leaves out what was found before. Several clients may read one file, and links may lead to it.
func distinct(files []*File) []*File {
	var all []*File
	for _, f := range files {
		same := func(o *File) bool { return o.target == f.target && o.Format == f.Format && slices.Equal(o.Key, f.Key) }
		if i := slices.IndexFunc(all, same); i >= 0 {
			if o := all[i]; !o.For(f.Client.ID) && o.Place.Shape == f.Place.Shape {
				o.Others = append(o.Others, f.Client)
			}
			continue
		}
		known := func(o *File) bool { return o.target == f.target && o.Scope != Local }
		if f.Scope != Local && len(f.Servers) == 0 && slices.ContainsFunc(all, known) {
			continue // the file is another client's
		}
		all = append(all, f)
	}
	return all
}

// For reports whether the client with an ID reads the file.
func (f *File) For(id string) bool {
	return f.Client.ID == id || slices.ContainsFunc(f.Others, func(c *Client) bool { return c.ID == id })
}

// Reread returns the same place of a newer text of the file: two places may share a file, so that the second edit starts
// with the result of the first.
func (f *File) Reread(raw []byte) *File {
	next := *f
	next.Servers = nil
	next.parse(raw)
	next.read()
	return &next
}

// RereadAll returns the same places of a newer text of a file that they share. It is parsed once.
func RereadAll(files []*File, raw []byte) (all []*File) {
	var parsed *File
	for _, f := range files {
		next := *f
		if parsed == nil || parsed.Format != f.Format {
			next.parse(raw)
			first := next
			parsed = &first
		}
		next.Raw, next.Doc, next.Err = parsed.Raw, parsed.Doc, parsed.Err
		next.read()
		all = append(all, &next)
	}
	return all
}

// Given returns the file of --config as if it were in the table: its main place first, then those of projects. The format "" is
// that of the name's ending; without a client, the keys in the file decide.
func Given(path string, format edit.Format, client string) []*File {
	if format == "" {
		format = map[string]edit.Format{
			".json": edit.JSON, ".jsonc": edit.JSON, ".toml": edit.TOML, ".yaml": edit.YAML, ".yml": edit.YAML,
		}[strings.ToLower(filepath.Ext(path))]
	}
	var best []*File
	tried := map[string]bool{}
	for _, c := range Table() {
		for _, p := range c.Places {
			form := p.Key.String() + " " + p.Shape
			if p.Format != format || slices.Contains(p.Key, "*") || len(p.Key) == 0 || client != "" && c.ID != client || tried[form] {
				continue
			}
			tried[form] = true
			if f := open(c, p.given(), path)[0]; best == nil || f.readable() > best[0].readable() {
				best = []*File{f}
			}
		}
	}
	if best == nil {
		best = []*File{{Client: &Client{}, Place: &Place{Format: format, Shape: "standard"}, Scope: User, Path: path, target: path,
			Err: fmt.Errorf("%q is not known as a format of it: want json, toml or yaml", format)}}
	}
	for _, p := range best[0].Client.Places {
		if p.Format == format && slices.Contains(p.Key, "*") {
			best = append(best, open(best[0].Client, p.given(), path)...)
		}
	}
	if client == "" {
		own := &Client{Name: "File", Places: []*Place{best[0].Place}, Env: EnvRule{Inherits: Unknown}, After: "restart the client"}
		for _, f := range best {
			f.Client = own
		}
	}
	return best
}

// given returns the place in a file that was named: it may be edited, and is perhaps not the one that a client rewrites.
func (p *Place) given() *Place {
	own := *p
	own.Print, own.Rewritten = "", false
	if own.Scope != Local {
		own.Scope = User
	}
	return &own
}

// readable returns how many servers have the shape of the place; -1 if there is nothing at its key.
func (f *File) readable() int {
	if f.Doc == nil || f.Doc.Get(f.Key) == nil {
		return -1
	}
	n := 0
	for _, s := range f.Servers {
		if s.State != Unsupported {
			n++
		}
	}
	return n
}

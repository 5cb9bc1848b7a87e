package clients

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// entry is where the members of a server's entry are.
type entry struct {
	command, args, env edit.Path // args is nil if command is a list with the arguments
}

func (p *Place) shape() *Shape { return decoded().Shapes[p.Shape] }

// at returns where the members of the entry at path are.
func (s *Shape) at(doc *edit.File, path edit.Path) entry {
	join := func(name string) edit.Path { return slices.Concat(path, edit.Path{name}) }
	name := s.Command
	if c := doc.Get(join(s.Command)); s.Inner != "" && c != nil && c.Kind == edit.Map {
		path, name = join(s.Command), s.Inner
	}
	e := entry{command: join(name), env: join(s.Env)}
	if s.Args != "" {
		e.args = join(s.Args)
	}
	return e
}

// add reads an entry. One that is no server of its own, since it names a type and neither a command nor a URL, is left out: it
// is built into the client, or comes with an extension.
func (f *File) add(name, index string, n *edit.Node) {
	if s := f.server(name, index, n); s.Why != builtIn {
		f.Servers = append(f.Servers, s)
	}
}

const builtIn = "it is built into the client"

// server reads an entry.
func (f *File) server(name, index string, n *edit.Node) *Server {
	s := &Server{Name: name, Path: slices.Concat(f.Key, edit.Path{index}), Line: n.Line, State: NotWrapped}
	s.Why = f.readEntry(s, n)
	switch {
	case s.Why != "":
		s.State = Unsupported
	case s.State == NotWrapped && f.Place.Print != "":
		s.State, s.Why = Unsupported, f.Place.Print
	}
	return s
}

// readEntry fills in a server. It returns why its entry cannot be edited, or "".
func (f *File) readEntry(s *Server, n *edit.Node) (why string) {
	if n.Kind != edit.Map {
		return "it is " + kindOf(n.Kind) + ", where a map is due"
	}
	s.Disabled = text(member(n, "disabled")) == "true" || text(member(n, "enabled")) == "false"
	for _, name := range []string{"url", "serverUrl", "httpUrl", "uri"} {
		if u := member(n, name); s.URL == "" && u != nil && u.Kind == edit.String {
			s.URL = u.Text
		}
	}
	shape := f.Place.shape()
	command := member(n, shape.Command)
	kind := cmp.Or(text(member(n, "type")), text(member(n, "transport")))
	if isNull(command) {
		kind = cmp.Or(kind, text(member(n, "source"))) // Zed's
	}
	local := slices.Contains([]string{"", "stdio", "local", "custom"}, kind)
	switch {
	case s.URL != "" && (!local || isNull(command)):
		s.State = Remote
		return ""
	case !local && isNull(command):
		return builtIn
	case !local:
		return "its type is " + kind
	case isNull(command):
		return "it has neither a command nor a URL"
	case s.URL != "" && kind == "":
		return "it has both a command and a URL"
	}
	e := shape.at(f.Doc, s.Path)
	if why := f.readCommand(s, e); why != "" {
		return why
	}
	if why := f.readEnv(s, e.env); why != "" {
		return why
	}
	return s.recognize()
}

// readCommand reads the program and the arguments.
func (f *File) readCommand(s *Server, e entry) (why string) {
	name := e.command[len(e.command)-1]
	command := f.Doc.Get(e.command)
	args := command
	if e.args != nil {
		if command == nil || command.Kind != edit.String {
			return name + " is not a string"
		}
		s.Command, args = command.Text, f.Doc.Get(e.args)
		name = e.args[len(e.args)-1]
	}
	if !isNull(args) {
		if args.Kind != edit.List {
			s.pasted = []string{s.Command, "ARGUMENT"}
			return name + " is " + kindOf(args.Kind) + ", where a list is due"
		}
		for _, item := range args.Items {
			if item.Kind != edit.String && item.Kind != edit.Other {
				s.pasted = []string{s.Command, "ARGUMENT"}
				return name + " has an item that is " + kindOf(item.Kind)
			}
			s.Args = append(s.Args, item.Text)
		}
	}
	if e.args == nil && len(s.Args) > 0 && args.Items[0].Kind == edit.String {
		s.Command, s.Args = s.Args[0], s.Args[1:]
	}
	switch first, _, several := strings.Cut(s.Command, " "); {
	case strings.TrimSpace(s.Command) == "":
		return "its command is empty"
	case several && !strings.ContainsAny(first, `/\$`):
		if !strings.ContainsAny(s.Command, `\"'`) { // words in quotes are for a person to split
			s.pasted = slices.Concat(strings.Fields(s.Command), s.Args)
		}
		return "its command contains arguments, which belong to " + shapeArgs(e)
	}
	return ""
}

func shapeArgs(e entry) string {
	if e.args == nil {
		return "items of their own"
	}
	return e.args[len(e.args)-1]
}

func (f *File) readEnv(s *Server, path edit.Path) (why string) {
	env := f.Doc.Get(path)
	if isNull(env) {
		return ""
	}
	name := path[len(path)-1]
	if env.Kind != edit.Map {
		return name + " is " + kindOf(env.Kind) + ", where a map is due"
	}
	for _, m := range env.Members {
		if m.Value.Kind != edit.String && m.Value.Kind != edit.Other {
			return fmt.Sprintf("%s.%s is %s", name, m.Name, kindOf(m.Value.Kind))
		}
		s.Env = append(s.Env, Var{m.Name, m.Value.Text})
	}
	return ""
}

// recognize finds spanpipe in the command of a server. It returns why it cannot be left or put there, or "".
func (s *Server) recognize() (why string) {
	dashes := slices.Index(s.Args, "--")
	if !isSpanpipe(s.Command) {
		for i, a := range s.Args {
			if isSpanpipe(a) && slices.Contains(s.Args[i+1:], "--") {
				return "it starts spanpipe through " + base(s.Command) + "; spanpipe belongs to the command itself"
			}
		}
		return ""
	}
	first := append(slices.Clone(s.Args), "")[0]
	switch wrap := first == "wrap"; {
	case dashes < 0 && !wrap:
		return "" // a server of spanpipe's own
	case dashes > 0 && !wrap && !strings.HasPrefix(first, "-"):
		return "it runs spanpipe " + first
	case dashes < 0 || dashes+1 == len(s.Args):
		return "it has no command behind spanpipe's --"
	}
	s.State, s.Program, s.Own = Wrapped, s.Command, s.Args[:dashes]
	s.Command, s.Args = s.Args[dashes+1], s.Args[dashes+2:]
	return ""
}

// isSpanpipe reports whether a command is spanpipe, on any system.
func isSpanpipe(command string) bool {
	name := strings.ToLower(base(command))
	return name == "spanpipe" || name == "spanpipe.exe"
}

func base(path string) string { return path[strings.LastIndexAny(path, `/\`)+1:] }

// member returns a member of a map, or nil.
func member(n *edit.Node, name string) *edit.Node {
	for _, m := range members(n) {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

func members(n *edit.Node) []*edit.Member {
	if n == nil {
		return nil
	}
	return n.Members
}

// text returns the text of a scalar, or "".
func text(n *edit.Node) string {
	if n == nil {
		return ""
	}
	return n.Text
}

// isNull reports whether a value is absent or null.
func isNull(n *edit.Node) bool {
	return n == nil || n.Kind == edit.Other && slices.Contains([]string{"", "~", "null", "Null", "NULL"}, n.Text)
}

func kindOf(k edit.Kind) string {
	switch k {
	case edit.String:
		return "a string"
	case edit.List:
		return "a list"
	case edit.Map:
		return "a map"
	case edit.Other:
	}
	return "a number, a boolean or null"
}

package doctor

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/clients/edit"
	"github.com/spanpipe/spanpipe/internal/view"
)

// Clients is what the files of clients say, and what is known of this machine besides.
type Clients struct {
	Files  []*clients.File // of this user
	OS     string
	Home   string
	Getenv func(string) string                           // of the shell
	Tilde  func(string) string                           // shortens a path for people
	Find   func(program string, dirs []string) string    // the path of a program in directories, or ""
	Look   func(path string) Program                     // at a path that is spanpipe's
	Exists func(path string) bool                        // and can be run
	Stored func(s *clients.Server) bool                  // a session of it is stored; nil if nothing is known
	Cut    map[string][]string                           // tools whose descriptions Claude Code cuts, by the server's name in telemetry
	Named  func(s *clients.Server) string                // that name
	Kept   func(path string) []string                    // the backups of a file
	Was    func(path string) []string                    // the servers of a file that spanpipe has left wrapped
	Hosts  func(*clients.File, *clients.Server) []string // where an entry sends telemetry to
	Dir    string                                        // SPANPIPE_DIR, if it is not the default
	Store  string                                        // the directory of the store in either case
}

// Program is what is known of a path that an entry has for spanpipe.
type Program struct {
	Exists, Runs bool
	Same         bool   // it is the program that runs now
	Version      string // else its version, if that is known
	Age          int    // negative: that is older than this one's; positive: newer
}

// entry is a server of a file that is checked.
type entry struct {
	*Clients
	g    *Group
	file *clients.File
	s    *clients.Server
	bad  bool
}

// Check returns the group of the clients.
func (c *Clients) Check() Group {
	g := Group{Name: "Clients"}
	wrapped, good := 0, 0
	for _, f := range c.Files {
		if f.Err != nil {
			c.unreadable(&g, f)
			continue
		}
		for _, s := range f.Servers {
			e := &entry{Clients: c, g: &g, file: f, s: s}
			switch {
			case s.Disabled:
			case s.State == clients.Unsupported:
				e.shape()
			case s.State == clients.Wrapped:
				wrapped++
				if e.check(); !e.bad {
					good++
				}
			}
		}
		c.unwrapped(&g, f)
		c.backup(&g, f)
	}
	switch {
	case len(c.Files) == 0:
		g.ok("files", "no client's configuration was found here")
	case wrapped > 0:
		first := Check{ID: "entries", Status: OK, Text: fmt.Sprintf(
			"%d of %s: paths exist, nothing is wrapped twice", good, view.Plural(wrapped, "wrapped server"))}
		if good == 0 {
			break
		}
		g.Checks = append([]Check{first}, g.Checks...)
	}
	if wrapped > 0 {
		g.ok("removal", "wrapped servers need spanpipe; before you remove it: spanpipe uninstall")
	}
	return g
}

func (c *Clients) unreadable(g *Group, f *clients.File) {
	where := c.Tilde(f.Path)
	one := Check{ID: "files", Status: Fail, Client: f.Client.ID, Text: f.Client.Name + ": " + where + ": " + f.Err.Error()}
	if syntax, ok := f.Err.(*edit.SyntaxError); ok { //nolint:errorlint // Find wraps none
		one.Text = fmt.Sprintf("%s: %s, line %d: %s", f.Client.Name, where, syntax.Line, syntax.Text)
		one.Remedy = []string{"spanpipe does not edit it, and " + f.Client.Name + " may start no server until that is mended"}
	}
	g.add(one)
}

// unwrapped warns about servers that are not wrapped, and about those that were, in a line each.
func (c *Clients) unwrapped(g *Group, f *clients.File) {
	var never, lost []string
	was := c.Was(f.Path)
	for _, s := range f.Servers {
		switch {
		case s.State != clients.NotWrapped || s.Disabled:
		case slices.Contains(was, s.Name):
			lost = append(lost, s.Name)
		default:
			never = append(never, s.Name)
		}
	}
	say := func(names []string, state string) {
		if len(names) == 0 {
			return
		}
		verb := "are"
		if len(names) == 1 {
			verb = "is"
		}
		g.add(Check{ID: "unwrapped", Status: Warn, Client: f.Client.ID,
			Text:   fmt.Sprintf("%s: %s %s not wrapped%s", f.Client.Name, Some(names), verb, state),
			Remedy: []string{"to wrap " + them(names) + ": spanpipe install " + f.Client.ID}})
	}
	say(lost, " any more: "+f.Client.Name+" or another program has changed its file since spanpipe did")
	say(never, "")
}

func them(names []string) string {
	if len(names) == 1 {
		return "it"
	}
	return "them"
}

// backup warns about what is kept of a file in which nothing is wrapped any more.
func (c *Clients) backup(g *Group, f *clients.File) {
	if slices.ContainsFunc(f.Servers, func(s *clients.Server) bool { return s.State == clients.Wrapped }) {
		return
	}
	kept := c.Kept(f.Path)
	other := func(o *clients.File) bool { // another place of the same file
		return o.Path == f.Path && slices.ContainsFunc(o.Servers, func(s *clients.Server) bool { return s.State == clients.Wrapped })
	}
	if len(kept) == 0 || slices.ContainsFunc(c.Files, other) {
		return
	}
	g.add(Check{ID: "backup", Status: Warn, Client: f.Client.ID,
		Text:   f.Client.Name + ": none of its servers is wrapped any more, and what its file was is still kept",
		Remedy: []string{"it may hold secrets; once you are sure that you do not need it: " + c.remove(kept)}})
}

// remove returns the command that removes files.
func (c *Clients) remove(paths []string) string {
	command := "rm"
	if c.OS == "windows" {
		command = "del"
	}
	for _, path := range paths {
		if short := c.Tilde(path); strings.ContainsAny(path, ` '()&`) {
			command += ` "` + path + `"` // a shell leaves ~ alone within quotes
		} else {
			command += " " + short
		}
	}
	return command
}

// add adds a check. What is the same for several servers of a client is one.
func (e *entry) add(id string, status Status, text string, remedy ...string) {
	e.bad = e.bad || status == Fail
	same := func(c Check) bool {
		return c.ID == id && c.Client == e.file.Client.ID && c.Status == status && c.Text == text && slices.Equal(c.Remedy, remedy) && len(c.Servers) > 0
	}
	if i := slices.IndexFunc(e.g.Checks, same); i >= 0 {
		e.g.Checks[i].Servers = append(e.g.Checks[i].Servers, e.s.Name)
		return
	}
	e.g.add(Check{ID: id, Status: status, Client: e.file.Client.ID, Servers: []string{e.s.Name}, Text: text, Remedy: remedy,
		name: e.file.Client.Name})
}

// where returns the entry's place.
func (e *entry) where() string { return fmt.Sprintf("%s, line %d", e.Tilde(e.file.Path), e.s.Line) }

func (e *entry) check() {
	e.program()
	e.twice()
	e.command()
	e.arguments()
	e.telemetry()
	e.sandbox()
	e.descriptions()
	if e.Stored != nil && !e.bad && e.local() && !e.Stored(e.s) {
		e.add("unused", Warn, "no session is stored yet", "to make "+e.file.Client.Name+" read its file again: "+e.file.Client.Next(e.file.Scope))
	}
}

// program checks the path of spanpipe.
func (e *entry) program() {
	again := "spanpipe install " + e.file.Client.ID + " writes the present path"
	path := e.s.Program
	if path == filepath.Base(path) {
		if !placeholder(path) && e.Find(path, e.dirs()) == "" {
			e.add("program", Fail, fmt.Sprintf("%s is not on the PATH that %s passes on", path, e.file.Client.Name), again)
		}
		return
	}
	if placeholder(path) {
		return
	}
	switch p := e.Look(path); {
	case !p.Exists:
		e.add("program", Fail, "spanpipe is not at "+e.Tilde(path)+" any more", again)
	case !p.Runs:
		e.add("program", Fail, e.Tilde(path)+" cannot be run", again)
	case clients.Versioned(path) != "":
		e.add("program", Warn, fmt.Sprintf("%s is in a place that an update takes away (%s)", e.Tilde(path), clients.Versioned(path)), again)
	case !p.Same:
		version, kind := "", "another"
		if p.Version != "" {
			version = ", version " + p.Version
		}
		switch {
		case p.Age < 0:
			kind = "an older"
		case p.Age > 0:
			kind = "a newer"
			again = "use that one here, too; " + again
		}
		e.add("program", Warn, e.Tilde(path)+" is "+kind+" spanpipe than this"+version, again)
	}
}

// shape warns about an entry that install leaves alone.
func (e *entry) shape() {
	remedy := "mend it in " + e.where()
	if e.s.Command != "" { // install knows what to paste
		remedy = "what to paste in its place: spanpipe install " + e.file.Client.ID + " --dry-run"
	}
	e.add("shape", Warn, "cannot be wrapped by install: "+e.s.Why, remedy)
}

// twice checks whether the command behind spanpipe is spanpipe.
func (e *entry) twice() {
	if name := programName(e.s.Command); name == "spanpipe" && slices.Contains(e.s.Args, "--") {
		e.add("twice", Fail, "is wrapped twice: what it does is recorded two times",
			"in "+e.where()+", remove one spanpipe with its --")
	}
}

// command checks whether the server's own command is found.
func (e *entry) command() {
	command := e.s.Command
	name := e.file.Client.Name
	switch {
	case placeholder(command) || programName(command) == "spanpipe":
		return
	case e.line():
		return
	case strings.ContainsAny(command, `/\`):
		path := command
		if rest, ok := strings.CutPrefix(path, "~/"); ok {
			path = filepath.Join(e.Home, rest)
		}
		if absolute(e.OS, path) && !e.Exists(path) { // a relative one depends on the client's directory
			e.add("command", Fail, e.Tilde(path)+" does not exist or cannot be run", "mend the command in "+e.where())
		}
		return
	case e.Find(command, e.dirs()) != "":
		return
	}
	found := e.Find(command, Split(e.OS, e.Getenv("PATH")))
	switch {
	case found == "":
		e.add("command", Fail, command+" is not on the PATH that "+name+" passes on, nor on this shell's", "install it, or write its whole path in "+e.where())
	default:
		remedy := []string{"to fix: in " + e.where() + ", write the whole path behind --: " + found}
		if by := clients.Versioned(found); by != "" {
			remedy = append(remedy, by+" changes that path with each version: a link to it in a directory of that PATH lasts longer")
		}
		status := Fail
		if isAssumed(e.file.Client.ID) && e.OS != "windows" {
			status = Warn
		}
		e.add("command", status, fmt.Sprintf("%s is on this shell's PATH, and not on the one that %s passes on (%s)", command, name, e.assumption()), remedy...)
	}
}

// line fails an entry whose command is a whole line: spanpipe, like most clients, starts no shell that would take it apart.
func (e *entry) line() bool {
	words := strings.Fields(e.s.Command)
	if len(words) < 2 || strings.ContainsAny(e.s.Command, `/\`) && e.Exists(e.s.Command) || e.Find(e.s.Command, e.dirs()) != "" {
		return false
	}
	first := words[0]
	known := e.Find(first, e.dirs()) != "" || e.Find(first, Split(e.OS, e.Getenv("PATH"))) != "" || absolute(e.OS, first) && e.Exists(first)
	if known {
		e.add("arguments", Fail, "its command is a whole line, and no program has that name",
			"in "+e.where()+", write each word behind -- as an item of its own")
	}
	return known
}

// arguments warns where a client is known to break arguments.
func (e *entry) arguments() {
	spaced := func(s string) bool { return strings.Contains(strings.TrimSpace(s), " ") }
	if e.file.Client.ID == "cursor" && slices.ContainsFunc(e.s.Args, spaced) {
		e.add("arguments", Warn, "has an argument with a space, which Cursor has been seen to take apart",
			"if the server complains: give the value in env, or start a script that contains it")
	}
}

// sandbox checks what VS Code's sandbox lets a server reach.
func (e *entry) sandbox() {
	at := func(names ...string) *edit.Node { return e.file.Doc.Get(slices.Concat(e.s.Path, edit.Path(names))) }
	if n := at("sandboxEnabled"); n == nil || n.Text != "true" {
		return
	}
	allowed := func(n *edit.Node, fits func(string) bool) bool {
		return n != nil && slices.ContainsFunc(n.Items, func(i *edit.Node) bool { return fits(i.Text) })
	}
	home := func(dir string) string {
		if rest, ok := strings.CutPrefix(dir, "~"); ok && (rest == "" || rest[0] == '/') {
			return filepath.Join(e.Home, rest)
		}
		return dir
	}
	store := e.Store
	if dir, ok := e.own("dir"); ok && dir != "" {
		store = home(dir)
	}
	holds := func(dir string) bool {
		dir = strings.TrimRight(home(dir), `/\`)
		return placeholder(dir) || store == dir || strings.HasPrefix(store, dir+string(filepath.Separator))
	}
	if e.local() && !allowed(at("sandbox", "filesystem", "allowWrite"), holds) {
		e.add("sandbox", Warn, "its sandbox keeps spanpipe from its store, so nothing is stored",
			"in "+e.where()+", add to sandbox.filesystem.allowWrite: "+e.Tilde(store))
	}
	if !e.sends() {
		return
	}
	for _, host := range e.Hosts(e.file, e.s) {
		fits := func(domain string) bool {
			rest, any := strings.CutPrefix(domain, "*")
			return domain == host || any && strings.HasSuffix(host, rest)
		}
		if !allowed(at("sandbox", "network", "allowedDomains"), fits) {
			e.add("sandbox", Warn, "its sandbox keeps spanpipe from a collector, so nothing is sent",
				"in "+e.where()+", add to sandbox.network.allowedDomains: "+host)
		}
	}
}

// descriptions warns about what Claude Code cuts.
func (e *entry) descriptions() {
	if e.file.Client.ID != "claude-code" {
		return
	}
	if cut := e.Cut[e.Named(e.s)]; len(cut) > 0 {
		e.add("descriptions", Warn, view.Plural(len(cut), "description")+" over 2,048 characters, Claude Code cuts them: "+Some(cut),
			"the server's author can put what matters first, or shorten them")
	}
}

// placeholder reports whether a client replaces a part of a text.
func placeholder(s string) bool {
	return strings.Contains(s, "${") || strings.Contains(s, "{env:") || strings.HasPrefix(s, "$")
}

// absolute reports whether a path of a system is absolute.
func absolute(goos, path string) bool {
	if goos == "windows" {
		return len(path) > 2 && path[1] == ':' || strings.HasPrefix(path, `\\`)
	}
	return strings.HasPrefix(path, "/")
}

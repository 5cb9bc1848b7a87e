package clients

import (
	"path"
	"strings"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// Client is a row of the table.
type Client struct {
	ID     string   `yaml:"id"`   // a word for the command line, such as claude-code
	Name   string   `yaml:"name"` // for people
	Places []*Place `yaml:"places"`
	Allows *Place   `yaml:"allows"` // where administrators list the servers that it may start; or nil
	Env    EnvRule  `yaml:"env"`
	After  string   `yaml:"after"` // what makes a change take effect, a clause such as "restart Codex"
	// Approves reports whether the user has to approve changed servers of a project again.
	Approves bool   `yaml:"approves"`
	Sandbox  string `yaml:"sandbox"` // what else a server needs that this client can shut in, a sentence; or ""
	Note     string `yaml:"note"`    // what else readers of the table should know, a sentence; or ""
}

// Next returns what makes a change of a file take effect, as a clause.
func (c *Client) Next(scope Scope) string {
	if scope == Project && c.Approves {
		return c.After + "; servers of a project have to be approved again"
	}
	return c.After
}

// Scope is whom a file is for.
type Scope string

// The scopes.
const (
	User    Scope = "user"    // this user, everywhere
	Local   Scope = "local"   // this user, in one directory, kept in a file of the user's own
	Project Scope = "project" // everyone who works in a directory: the file may be committed
	Managed Scope = "managed" // set by administrators: never edited
)

// Place is where a client keeps servers, and in what form.
type Place struct {
	Scope  Scope       `yaml:"scope"`
	Format edit.Format `yaml:"format"`
	Key    edit.Path   `yaml:"key"`   // leads to the servers; the element * stands for each name
	Shape  string      `yaml:"shape"` // of an entry, see Shape
	Sure   Sure        `yaml:"sure"`

	// Paths are candidates, with slashes; those of a system stand in for the general ones. They begin with a base of the table,
	// such as {config}, with ~, or with a variable as ${NAME:-otherwise}; if ${NAME} begins one and is set, it is the only
	// one; those of projects are relative. A * is any part of a
	// name, as path.Match has it.
	Paths  []string `yaml:"paths"`
	Darwin []string `yaml:"darwin"`
	Linux  []string `yaml:"linux"`
	Win    []string `yaml:"windows"`
	Each   bool     `yaml:"each"` // each candidate that exists is read by the client, not only the first

	// Print is why the place is only printed, never edited, as a clause; or "".
	Print string `yaml:"print"`
	// Rewritten reports whether the client itself writes the file while it runs, and may undo an edit.
	Rewritten bool `yaml:"rewritten"`
}

// Sure is how well a fact of the table is known.
type Sure string

// The degrees.
const (
	Verified  Sure = "V" // in the client's documentation or source, or seen when it ran
	Agreed    Sure = "T" // by two or more independent installers
	One       Sure = "1" // one source
	Uncertain Sure = "?"
)

// EnvRule is what a server inherits of its client's environment. What is in an entry's env reaches the server always.
type EnvRule struct {
	Inherits Inherits `yaml:"inherits"`
	Passes   []string `yaml:"passes"` // with Few: the names
	Drops    []string `yaml:"drops"`  // with All: patterns of names that are left out, such as OTEL_*
	Text     string   `yaml:"text"`   // the rule for people, a sentence
}

// Inherits is how much of its client's environment a server inherits.
type Inherits string

// How much.
const (
	All     Inherits = "all"
	Few     Inherits = "few"
	Unknown Inherits = "unknown" // nothing but PATH and HOME can be relied on
)

// Strips reports whether a variable of the client's environment may fail to reach its servers.
func (r EnvRule) Strips(name string) bool {
	if r.Inherits == All {
		return matches(r.Drops, name)
	}
	return !matches(r.Passes, name) && name != "PATH" && name != "HOME"
}

func matches(patterns []string, name string) bool {
	for _, p := range patterns {
		if ok, _ := path.Match(p, strings.ToUpper(name)); ok { // the patterns were tested
			return true
		}
	}
	return false
}

// Machine is where files are looked for.
type Machine struct {
	OS     string // as runtime.GOOS has it: darwin, linux, windows; others are taken for linux
	Home   string
	Getenv func(string) string
	Dir    string // the working directory
}

// File is one place that exists: a file, or a part of one.
type File struct {
	Client  *Client
	Others  []*Client // further clients that read the same servers from it
	Place   *Place
	Scope   Scope
	Path    string // as it was found: it may be a symbolic link
	Project string // the directory that entries of the scope Local are for
	Key     edit.Path
	Format  edit.Format
	Err     error // without the path: why it cannot be read or parsed; then it is never edited
	Servers []*Server
	Doc     *edit.File // nil if Err is not
	Raw     []byte
	target  string // Path without symbolic links
}

// Server is an entry of a file.
type Server struct {
	Name     string
	Path     edit.Path // leads to it in the file
	Line     int       // where its value begins
	Command  string    // the server's own: of a wrapped entry, what follows "--"
	Args     []string
	Env      []Var // in order
	URL      string
	State    State
	Why      string // of Unsupported, a clause
	Disabled bool   // in the client

	pasted []string // of Unsupported, the command and arguments for Snippet, where Command and Args are not what the entry means

	Program string   // of a wrapped entry: its command, spanpipe
	Own     []string // of a wrapped entry: spanpipe's arguments before "--"
}

// Var is a variable of a server's environment. Its value may be a secret.
type Var struct{ Name, Value string }

// State is what can be done with an entry.
type State string

// The states.
const (
	Wrapped     State = "wrapped"
	NotWrapped  State = "not wrapped"
	Remote      State = "remote"
	Unsupported State = "unsupported" // has a wrong shape, or is in a place that is only printed
)

// Wrapping is what is put in front of servers.
type Wrapping struct {
	Program string // spanpipe: absolute, or the bare name in what others share
	Env     []Var
	Asked   []string // names of Env whose values replace what an entry has; others are only added
}

// Change is what a file would be.
type Change struct {
	File          *File
	Before, After []byte
	Servers       []*Server // those that change; none if Before and After are the same
}

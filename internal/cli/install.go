package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/clients/backup"
	"github.com/spanpipe/spanpipe/internal/clients/edit"
	"github.com/spanpipe/spanpipe/internal/view"
)

func (a *app) installCommand() *cli.Command {
	return &cli.Command{
		Name:      "install",
		Usage:     "wrap the servers of the MCP clients on this machine",
		UsageText: "spanpipe install [flags] [CLIENT...]",
		Description: `Finds the configuration files of MCP clients and puts spanpipe in front of their
local servers, with telemetry that stays on this machine (--telemetry local). It
changes nothing else in these files: comments, order and indentation stay. In a
terminal it shows the changes first and asks; elsewhere it needs --yes.

   spanpipe install --dry-run           the changes, and nothing is written
   spanpipe install                     the same, and then it asks
   spanpipe install vscode codex        the files of two clients
   spanpipe install --server github     one server, wherever it is
   spanpipe install --config mcp.json   a file in another place
   spanpipe install --telemetry otlp    with telemetry that goes to a collector
   spanpipe install --scope project     the files of the project around you
   spanpipe install --set SPANPIPE_CAPTURE=errors   errors with their texts

The files as they were are kept in SPANPIPE_DIR/clients until spanpipe uninstall
has undone the changes. Remote servers are left alone. A file that cannot be
read is never written, nor is what the policy of this machine forbids.

Files of a project, from here up to the root of its repository, are shared with
others. They are changed only with --scope project or all: they get the bare
name spanpipe, and no telemetry unless --telemetry is given.

Exit status: 0 if it is done or there is nothing to do; 1 if a file could not be
read or written; 2 if the command line is invalid.`,
		Flags: a.flags(append(a.installFlags(),
			listedFlag{a.setting("SPANPIPE_TELEMETRY"), "where telemetry goes: local, otlp or both (default: local)"},
			&cli.GenericFlag{Name: "set", Value: &texts{}, Usage: "also set `NAME=VALUE` of SPANPIPE_ or OTEL_; may be repeated"},
			&cli.StringFlag{Name: "program", TakesFile: true, Usage: "write this `PATH` of spanpipe, which updates have to keep"},
		)...),
		Action: func(c *cli.Context) error { return a.install(c, false) },
	}
}

func (a *app) uninstallCommand() *cli.Command {
	return &cli.Command{
		Name:      "uninstall",
		Usage:     "unwrap the servers of the MCP clients again",
		UsageText: "spanpipe uninstall [flags] [CLIENT...]",
		Description: `Removes spanpipe from the configuration files of MCP clients. A file that
nothing else has changed since becomes what it was before, byte for byte. In
others only the servers' entries change. Without --scope it changes all files of
this user.
Do this before you remove the program: wrapped servers do not start without it.

   spanpipe uninstall --dry-run         the changes, and nothing is written
   spanpipe uninstall                   the same, and then it asks
   spanpipe uninstall --server github   one server, wherever it is

Stored sessions stay; to remove them, too: spanpipe prune --all.

Exit status: 0 if it is done or there is nothing to do; 1 if a file could not be
read or written; 2 if the command line is invalid.`,
		Flags:  a.flags(a.installFlags()...),
		Action: func(c *cli.Context) error { return a.install(c, true) },
	}
}

// installFlags are the flags that install and uninstall have in common.
func (a *app) installFlags() []cli.Flag {
	return []cli.Flag{
		&cli.GenericFlag{Name: "server", Value: &texts{}, Usage: "only the server `NAME`; may be repeated"},
		oneOf{&cli.StringFlag{
			Name: "scope", Value: "user", DefaultText: "user", Usage: "files of the `SCOPE` user, project or all",
		}, "user project all"},
		&cli.StringFlag{Name: "config", TakesFile: true, Usage: "the `FILE`, instead of those that are found"},
		oneOf{&cli.StringFlag{Name: "format", Usage: "its `FORMAT`: json, toml or yaml; else by its ending"}, "json toml yaml"},
		&cli.BoolFlag{Name: "dry-run", Usage: "show what would be written, and write nothing", DisableDefaultText: true},
		&cli.BoolFlag{Name: "yes", Usage: "write without asking", DisableDefaultText: true},
		jsonFlag,
	}
}

// exitUnwritten is the exit code of install and uninstall if a file could not be written.
const exitUnwritten = 1

// installation is one run of install or uninstall.
type installation struct {
	*app
	undo     bool // uninstall
	store    *backup.Store
	wrapping clients.Wrapping // of files of this user alone
	shared   clients.Wrapping // of files that may be committed

	scope   string
	clients []*clients.Client // that are asked for; none: all
	servers []string          // likewise
	found   []*clients.File   // in the scope, of these clients
	beyond  []*clients.File   // in another scope
	side    string            // whose files these are, where that is in doubt
	inverse string            // the command that undoes this one
	out     map[choice]bool   // was left out by hand

	forbidden []string // destinations that were asked for and the policy of the machine forbids
}

// choice is a server of a file.
type choice struct {
	file   *clients.File
	server string // its path in the file
}

// named reports whether the server has a name.
func (c choice) named(name string) bool {
	return slices.ContainsFunc(c.file.Servers, func(s *clients.Server) bool { return s.Path.String() == c.server && s.Name == name })
}

func chosen(f *clients.File, s *clients.Server) choice { return choice{f, s.Path.String()} }

func (a *app) install(c *cli.Context, undo bool) error {
	if a.dashes {
		return &usageError{c.Command.Name + " takes names of clients, and no command", "to use a server without a client: spanpipe try -- your-server"}
	}
	i, err := a.newInstallation(c, undo)
	if err != nil {
		return err
	}
	p := i.plan()
	asks := !c.Bool("yes") && !c.Bool("dry-run")
	if asks && len(p.edits) > 0 {
		if err := i.canAsk(c); err != nil {
			return err
		}
	}
	i.reportErrors(p.refused)
	i.reportUnmet(p)
	dry := c.Bool("dry-run")
	switch {
	case c.Bool("json"):
		if !dry {
			i.write(p)
		}
		return a.writeJSON(i.json(p, dry))
	case len(p.edits) == 0:
		_, err = io.WriteString(a.Stdout, i.nothing(p, c.Bool("yes")))
	case dry:
		_, err = io.WriteString(a.Stdout, i.preview(p)+i.last(p, "Nothing was written. To do it: "+i.again(c)))
	case asks:
		return i.ask(p)
	default:
		return i.finish(p)
	}
	return err
}

// canAsk returns an error where no person can answer.
func (i *installation) canAsk(c *cli.Context) error {
	var what string
	switch {
	case c.Bool("json"):
		what = "with --json it cannot"
	case !isTerminal(i.Stdin):
		what = "stdin is not a terminal"
	case !isTerminal(i.Stdout):
		what = "stdout is not a terminal"
	default:
		return nil
	}
	return &usageError{c.Command.Name + " asks before it writes, and " + what,
		"look with --dry-run, then: spanpipe " + c.Command.Name + " --yes"}
}

// newInstallation reads the flags and finds the files.
func (a *app) newInstallation(c *cli.Context, undo bool) (*installation, error) {
	a.resolve()
	a.obey()
	dir := a.stateDir()
	if dir == "" {
		return nil, &usageError{errNoHome.Error(), "set SPANPIPE_DIR to a directory, where the files are kept as they were"}
	}
	i := &installation{
		inverse: "spanpipe uninstall" + choiceFlags(c),
		app:     a, undo: undo, store: &backup.Store{Dir: filepath.Join(dir, "clients"), Now: time.Now},
		scope: c.String("scope"), servers: *c.Generic("server").(*texts), out: map[choice]bool{},
	}
	if !slices.Contains([]string{"user", "project", "all"}, i.scope) {
		return nil, &usageError{"--scope " + i.scope + ": want user, project or all", "see: spanpipe help " + c.Command.Name}
	}
	if err := i.readClients(c); err != nil {
		return nil, err
	}
	m := a.machine()
	if err := i.find(c, m); err != nil {
		return nil, err
	}
	if err := i.checkServers(); err != nil || undo {
		return i, err
	}
	return i, i.readWrapping(c, m)
}

// choiceFlags returns the arguments that choose files and servers, as they were given.
func choiceFlags(c *cli.Context) string {
	var words []string
	words = append(words, c.Args().Slice()...)
	for _, name := range *c.Generic("server").(*texts) {
		words = append(words, "--server", name)
	}
	for _, name := range []string{"scope", "config", "format"} {
		if c.IsSet(name) {
			words = append(words, "--"+name, c.String(name))
		}
	}
	text := ""
	for _, w := range words {
		if strings.ContainsAny(w, " \t\"'$&;|<>()*?\\") {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		text += " " + view.Safe(w)
	}
	return text
}

// again returns how to do what a dry run has shown.
func (i *installation) again(c *cli.Context) string {
	if c.IsSet("set") || c.IsSet("program") || slices.ContainsFunc(i.settings, (*setting).IsSet) {
		return "the same without --dry-run" // values of variables may be secrets
	}
	return "spanpipe " + c.Command.Name + choiceFlags(c)
}

// machine is where clients' files are looked for.
func (a *app) machine() clients.Machine {
	lookup := func(name string) string { value, _ := getenv(a.Environ, name); return value }
	home := lookup("HOME")
	if runtime.GOOS == "windows" {
		home = lookup("USERPROFILE")
	}
	dir, _ := os.Getwd() // without one there are no files of a project
	return clients.Machine{OS: runtime.GOOS, Home: home, Getenv: lookup, Dir: dir}
}

// readClients reads the names of clients.
func (i *installation) readClients(c *cli.Context) error {
	for _, name := range c.Args().Slice() {
		client, err := knownClient(c.Command.Name, name)
		if err != nil {
			return err
		}
		i.clients = append(i.clients, client)
	}
	return nil
}

// knownClient returns the client of a name, or of an ID.
func knownClient(command, name string) (*clients.Client, error) {
	plain := func(s string) string {
		return strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(s))
	}
	var known []string
	for _, client := range clients.Table() {
		if plain(name) == plain(client.ID) || plain(name) == plain(client.Name) {
			return client, nil
		}
		known = append(known, client.ID)
	}
	message := command + " knows no client " + name
	if best := nearest(name, known); best != "" {
		return nil, &usageError{message + "; did you mean " + best + "?", "the clients found here: spanpipe clients"}
	}
	return nil, &usageError{message, "it knows " + strings.Join(known, ", ")}
}

// find finds the files.
func (i *installation) find(c *cli.Context, m clients.Machine) error {
	if path := c.String("config"); path != "" {
		return i.given(m, path, edit.Format(c.String("format")))
	}
	if c.IsSet("format") {
		return &usageError{"--format needs --config, the file that has this format", "for example: --config mcp.json --format json"}
	}
	for _, f := range clients.Find(m) {
		switch asked := len(i.clients) == 0 || slices.ContainsFunc(i.clients, func(c *clients.Client) bool { return f.For(c.ID) }); {
		case asked && i.inScope(f):
			i.found = append(i.found, f)
		case asked && f.Scope != clients.Managed:
			i.beyond = append(i.beyond, f)
		}
	}
	i.side = clients.Side(m)
	return nil
}

// inScope reports whether a file is asked for. What administrators manage never is.
func (i *installation) inScope(f *clients.File) bool {
	switch f.Scope {
	case clients.User, clients.Local:
		return i.scope != "project"
	case clients.Project:
		return i.scope != "user"
	}
	return false
}

// given takes the file of --config.
func (i *installation) given(m clients.Machine, path string, format edit.Format) error {
	if len(i.clients) > 1 {
		return &usageError{"--config is the file of one client", "name one, or none"}
	}
	if format != "" && !slices.Contains([]edit.Format{edit.JSON, edit.TOML, edit.YAML}, format) {
		return &usageError{"--format " + string(format) + ": want json, toml or yaml", "it is the format of --config"}
	}
	client := ""
	if len(i.clients) == 1 {
		client = i.clients[0].ID
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if why := clients.Others(m, path); why != "" && !i.undo {
		return &usageError{"--config " + i.tilde(path) + ": " + why, "nothing was written; see: spanpipe help install"}
	}
	i.found = clients.Given(path, format, client)
	if why := i.found[0].Err; why != nil {
		if inner, ok := errors.AsType[*os.PathError](why); ok {
			why = inner.Err
		}
		return &usageError{"--config " + i.tilde(path) + ": " + why.Error(), "nothing was written; see: spanpipe help install"}
	}
	return nil
}

// checkServers returns an error if no file has a server that is asked for.
func (i *installation) checkServers() error {
	var known []string
	for _, f := range i.found {
		for _, s := range f.Servers {
			known = append(known, s.Name)
		}
	}
	for _, name := range i.servers {
		if slices.Contains(known, name) {
			continue
		}
		message := "no client has a server " + name
		if len(i.clients) == 1 {
			message = i.clients[0].Name + " has no server " + name
		}
		if best := nearest(name, known); best != "" {
			message += "; did you mean " + best + "?"
		}
		return &usageError{message, "list them: spanpipe clients"}
	}
	return nil
}

// asked reports whether a server is asked for.
func (i *installation) asked(s *clients.Server) bool {
	return len(i.servers) == 0 || slices.Contains(i.servers, s.Name)
}

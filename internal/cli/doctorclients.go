package cli

import (
	"debug/buildinfo"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/semver"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/clients/backup"
	"github.com/spanpipe/spanpipe/internal/doctor"
	"github.com/spanpipe/spanpipe/internal/report"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/wrap"
)

// checkSurroundings checks everything but a server. Groups are waited for at once.
func (a *app) checkSurroundings(chosen []*clients.Client) ([]doctor.Group, error) {
	s, err := a.look()
	if err != nil {
		return nil, err
	}
	m := a.machine()
	a.progress("reading the clients' files, asking the collector")
	defer a.progress("")
	var files []*clients.File
	for _, f := range clients.Find(m) {
		asked := len(chosen) == 0 || slices.ContainsFunc(chosen, func(c *clients.Client) bool { return f.For(c.ID) })
		if asked && (f.Scope == clients.User || f.Scope == clients.Local) {
			files = append(files, f)
		}
	}
	sessions, unreadable := s.Sessions()
	t, err := a.telemetryFacts(s, sessions, unreadable)
	if err != nil {
		return nil, err
	}
	groups := make([]doctor.Group, 3)
	var wait sync.WaitGroup
	wait.Go(func() { groups[0] = a.clientFacts(files, m, s, sessions).Check() })
	wait.Go(func() {
		a.reach(t, files)
		groups[1] = t.Check()
	})
	wait.Go(func() { groups[2] = a.machineFacts(m).Check() })
	wait.Wait()
	return groups, nil
}

// clientFacts returns what the clients' files are judged by.
func (a *app) clientFacts(files []*clients.File, m clients.Machine, s *store.Store, sessions []store.Session) *doctor.Clients {
	backups := &backup.Store{Dir: filepath.Join(s.Dir, "clients")}
	c := &doctor.Clients{
		Files: files, OS: m.OS, Home: m.Home, Getenv: m.Getenv, Tilde: a.tilde, Find: findProgram, Exists: runnable,
		Look: a.lookAtSpanpipe, Kept: func(path string) []string { return backups.Kept(targetOf(path)) },
		Was: func(path string) []string { return backups.Wrapped(targetOf(path)) }, Hosts: a.hostsOf,
		Store: s.Dir,
		Named: func(s *clients.Server) string { return serviceOf(s, m.Home) },
	}
	if dir := a.setting("SPANPIPE_DIR"); dir.source != "" && a.options.dir != dir.Default {
		c.Dir = s.Dir
	}
	known := map[string]bool{}
	for i := range sessions {
		known[sessions[i].Service] = true
	}
	c.Stored = func(s *clients.Server) bool { return known[c.Named(s)] }
	c.Cut = map[string][]string{}
	recent := choose(sessions, store.Filter{Client: "claude-code"})
	now := a.now()
	r := report.Make(sources(recent), report.Options{Window: report.Window{Since: now.AddDate(0, 0, -30), Until: now}, By: report.ByTool, Location: now.Location()})
	services := map[string]string{}
	for i := range recent {
		services[recent[i].ServerName()] = recent[i].Service
	}
	for _, cut := range r.Cut {
		c.Cut[services[cut.Server]] = cut.Tools
	}
	return c
}

// targetOf returns where a path leads.
func targetOf(path string) string {
	if target, err := backup.Target(path); err == nil {
		return target
	}
	return path
}

// serviceOf returns the name that a server has in telemetry.
func serviceOf(s *clients.Server, home string) string {
	for _, name := range []string{"SPANPIPE_OTEL_SERVICE_NAME", "OTEL_SERVICE_NAME"} {
		for _, v := range s.Env {
			if v.Name == name && v.Value != "" {
				return v.Value
			}
		}
	}
	return clean([]byte(telemetry.ServiceName(append([]string{s.Command}, s.Args...), home)))
}

// findProgram returns the path of a program in directories, or "".
func findProgram(program string, dirs []string) string {
	for _, dir := range dirs {
		if !filepath.IsAbs(dir) || !wrap.Found([]string{program}, []string{"PATH=" + dir, "PATHEXT=" + pathExt}) {
			continue
		}
		return filepath.Join(dir, program)
	}
	return ""
}

// pathExt is the endings of programs on Windows, where they are not set otherwise.
const pathExt = ".COM;.EXE;.BAT;.CMD"

// runnable reports whether there is a program at a path.
func runnable(path string) bool { return wrap.Found([]string{path}, []string{"PATHEXT=" + pathExt}) }

// lookAtSpanpipe returns what is known of a path that an entry has for spanpipe.
func (a *app) lookAtSpanpipe(path string) (p doctor.Program) {
	if _, err := os.Stat(path); err != nil {
		return p
	}
	p.Exists, p.Runs = true, runnable(path)
	executable, err := os.Executable()
	if p.Same = err != nil || clients.SameFile(path, executable); p.Same {
		return p
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return p // a script, or a link to a manager of versions
	}
	own, err := buildinfo.ReadFile(executable)
	p.Version = strings.TrimPrefix(info.Main.Version, "v")
	p.Same = err == nil && info.String() == own.String() // a copy
	if this := "v" + strings.TrimPrefix(a.Build.complete().Version, "v"); semver.IsValid(this) && semver.IsValid(info.Main.Version) {
		p.Age = semver.Compare(info.Main.Version, this)
	}
	return p
}

// machineFacts returns what this machine is judged by.
func (a *app) machineFacts(m clients.Machine) *doctor.Machine {
	f := &doctor.Machine{
		OS: m.OS, Home: m.Home, Path: m.Getenv("PATH"), Find: findProgram, Side: clients.Side(m), Tilde: a.tilde,
	}
	if executable, err := os.Executable(); err == nil {
		f.Program, f.By = executable, clients.Versioned(executable)
		f.Lasting, f.By = clients.Lasting(m, executable, clients.SameFile)
	}
	return f
}

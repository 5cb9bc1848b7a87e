package doctor

import (
	"fmt"
	"strings"

	"github.com/spanpipe/spanpipe/internal/clients"
)

// Machine is what is known of this machine.
type Machine struct {
	OS, Home string
	Path     string                                     // of this shell
	Find     func(program string, dirs []string) string // as in Clients
	Program  string                                     // the path of spanpipe, as it runs
	Lasting  string                                     // the path that an update keeps, or ""
	By       string                                     // which package manager keeps Program for one version alone
	Side     string                                     // whose files are looked at, where that is in doubt
	Tilde    func(string) string
}

// tools are the programs that start most servers.
var tools = []string{"node", "npx", "uvx", "docker"}

// Check returns the group of the machine.
func (m *Machine) Check() Group {
	g := Group{Name: "This machine"}
	shell, session := Split(m.OS, m.Path), SessionPath(m.OS, m.Home, m.Path)
	var both, missing, hidden []string
	var reasons []string
	for _, name := range tools {
		here, there := m.Find(name, shell), m.Find(name, session)
		switch {
		case here == "" && there == "":
			missing = append(missing, name)
		case there == "":
			hidden = append(hidden, name)
			reason := m.Tilde(here)
			if by := clients.Versioned(here); by != "" {
				reason += ", which is " + by + "'s"
			}
			reasons = append(reasons, reason)
		default:
			both = append(both, name)
		}
	}
	if len(both) > 0 {
		g.ok("tools", strings.Join(both, ", ")+" found, also by clients that are started from a desktop")
	}
	if len(missing) > 0 {
		g.ok("tools", strings.Join(missing, ", ")+" not installed; servers that need it do not start")
	}
	if len(hidden) > 0 {
		g.warn("tools", fmt.Sprintf("%s found by this shell alone (%s); clients that are started from a desktop may not find it",
			strings.Join(hidden, ", "), strings.Join(reasons, "; ")),
			"in their files, write the whole path; or put a link into a directory of their PATH, such as "+m.linkDir())
	}
	m.spanpipe(&g, shell)
	if m.Side != "" {
		g.ok("side", m.Side)
	}
	return g
}

func (m *Machine) linkDir() string {
	if m.OS == "darwin" {
		return "/usr/local/bin, with that in the entry's env as PATH"
	}
	return "~/.local/bin"
}

func (m *Machine) spanpipe(g *Group, shell []string) {
	found := m.Find("spanpipe", shell)
	switch {
	case m.By != "" && m.Lasting == "":
		g.warn("spanpipe", fmt.Sprintf("spanpipe runs from a place that does not last (%s): %s", m.By, m.Tilde(m.Program)),
			"put a link to it at ~/.local/bin/spanpipe, with that directory in your PATH, before: spanpipe install")
	case found == "":
		g.warn("spanpipe", "spanpipe is not on this shell's PATH: "+m.Tilde(m.Program),
			"files of projects have its bare name; put it, or a link to it, into a directory of your PATH")
	default:
		g.ok("spanpipe", "spanpipe is on this shell's PATH: "+m.Tilde(found))
	}
}

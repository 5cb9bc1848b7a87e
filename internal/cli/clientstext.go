package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/view"
)

// Widths of the listing.
const (
	leastClientServer = 12
	clientState       = 16 // with the space behind it
)

func (l *clientList) write() error {
	text := l.text()
	if len(l.files) == 0 {
		text = l.none()
	}
	_, err := io.WriteString(l.Stdout, l.screen().Text(text))
	return err
}

func (l *clientList) text() string {
	name := leastClientServer
	for _, f := range l.files {
		for _, s := range f.Servers {
			name = max(name, view.Width(view.Safe(s.Name)))
		}
	}
	bold := l.screen().Paint
	var out strings.Builder
	for _, f := range l.files {
		heading := f.Client.Name + ", " + string(f.Scope)
		out.WriteString(bold(view.Bold, view.Pad(heading, name+2+clientState+1)) + " " + l.path(f) + "\n")
		switch {
		case f.Err != nil:
			out.WriteString("  " + view.Fold("cannot be read: "+view.Safe(f.Err.Error())+"; left alone", "    ", l.columns()) + "\n")
		case len(f.Servers) == 0:
			out.WriteString("  no servers\n")
		}
		for _, s := range f.Servers {
			row := "  " + view.Pad(view.Safe(s.Name), name+2) + view.Pad(string(s.State), clientState)
			row += view.Fold(l.detail(f, s), strings.Repeat(" ", view.Width(row)), l.columns())
			out.WriteString(strings.TrimRight(row, " ") + "\n")
		}
	}
	return out.String() + "\n" + l.totals()
}

// columns returns where sentences are broken: in a terminal, 0 elsewhere.
func (l *clientList) columns() int { return min(l.screen().Columns, pageWidth) }

// path returns a file's path, and who else uses it.
func (l *clientList) path(f *clients.File) string {
	text := view.Safe(l.tilde(f.Path))
	if f.Project != "" {
		text += ", for " + view.Safe(l.tilde(f.Project))
	}
	var others []string
	for _, c := range f.Others {
		others = append(others, c.Name)
	}
	if len(others) > 0 {
		text += ", read by " + joined(others) + ", too"
	}
	return text
}

// detail returns what a reader should know about a server.
func (l *clientList) detail(f *clients.File, s *clients.Server) string {
	var parts []string
	switch s.State {
	case clients.Wrapped:
		parts = append(parts, l.telemetry(f, s))
		if f.Scope == clients.Project && s.Program == "spanpipe" {
			parts = append(parts, "by its bare name, since this is shared")
		}
		if f.Place.Print != "" {
			parts = append(parts, "left alone: "+f.Place.Print)
		}
	case clients.Remote:
		parts = append(parts, "left alone; as a local server: npx mcp-remote URL")
	case clients.Unsupported:
		parts = append(parts, "left alone: "+view.Safe(s.Why))
	case clients.NotWrapped:
	}
	if s.Disabled {
		parts = append(parts, "disabled in "+f.Client.Name)
	}
	return strings.Join(parts, "; ")
}

// telemetry returns where a wrapped server's telemetry goes, or why it has none.
func (l *clientList) telemetry(f *clients.File, s *clients.Server) string {
	policy := l.decide(s)
	set := slices.ContainsFunc(s.Env, func(v clients.Var) bool { return v.Name == "SPANPIPE_TELEMETRY" })
	switch {
	case policy.On():
		return wordList(policy.Sinks())
	case f.Scope == clients.Project && !set && !f.Client.Env.Strips("SPANPIPE_TELEMETRY"):
		return "off, unless SPANPIPE_TELEMETRY is set where " + f.Client.Name + " starts"
	}
	reasons := policy.Reasons()
	return "off: " + view.Safe(reasons[len(reasons)-1])
}

// totals sums up, with the next step.
func (l *clientList) totals() string {
	states, scopes, paths := map[clients.State]int{}, map[clients.Scope]bool{}, map[string]bool{}
	n := 0
	for _, f := range l.files {
		paths[f.Path] = true
		for _, s := range f.Servers {
			n++
			states[s.State]++
			if s.State == clients.NotWrapped {
				scopes[f.Scope] = true
			}
		}
	}
	text := fmt.Sprintf("%s in %s: %d wrapped, %d not", view.Plural(n, "server"), view.Plural(len(paths), "file"), states[clients.Wrapped], states[clients.NotWrapped])
	for _, state := range []clients.State{clients.Remote, clients.Unsupported} {
		if states[state] > 0 {
			text += fmt.Sprintf(", %d %s", states[state], state)
		}
	}
	text = view.Fold(text+fmt.Sprintf(". %s looked for.", wereClients(l.looked())), "", l.columns()) + "\n"
	if left := states[clients.NotWrapped]; left > 0 {
		text += fmt.Sprintf("To wrap the %d: spanpipe install%s\n", left, l.installing(scopes))
	}
	if states[clients.Remote] > 0 {
		text += "How remote servers can be wrapped, too: docs/clients.md\n"
	}
	return text
}

// installing returns the arguments of "spanpipe install" for servers of these scopes.
func (l *clientList) installing(scopes map[clients.Scope]bool) (text string) {
	for _, c := range l.asked {
		text += " " + c.ID
	}
	switch own := scopes[clients.User] || scopes[clients.Local]; {
	case scopes[clients.Project] && own:
		text += " --scope all"
	case scopes[clients.Project]:
		text += " --scope project"
	}
	return text
}

func wereClients(n int) string {
	if n == 1 {
		return "1 client was"
	}
	return fmt.Sprintf("%d clients were", n)
}

// none returns the text for no file at all.
func (l *clientList) none() string {
	text := fmt.Sprintf("No MCP client's configuration was found here; %d were looked for.\n", l.looked())
	if len(l.asked) > 0 {
		var names []string
		for _, c := range l.asked {
			names = append(names, c.Name)
		}
		text = "No configuration of " + joined(names) + " was found here.\n"
		for _, c := range l.asked {
			if len(c.Places) == 0 {
				text += c.Note + "\n"
			}
		}
		var places []string
		for _, path := range clients.Places(l.machine(), l.asked) {
			places = append(places, view.Safe(l.tilde(path)))
		}
		if len(places) > 0 {
			text += "It would be in " + strings.Join(slices.Compact(places), ", ") + "\n"
		}
	}
	return text + "Yours is elsewhere? spanpipe install --config FILE --format json\n"
}

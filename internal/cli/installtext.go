package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/view"
)

// This file has what install and uninstall say on stdout: what would happen or has, the differences, what is left alone and
// what to do afterwards.

// nothing says that there is nothing to do. At login, where --yes runs each time, that is one line.
func (i *installation) nothing(p *plan, quiet bool) string {
	var text string
	switch {
	case len(i.found) == 0 && len(i.clients) > 0:
		var names []string
		for _, c := range i.clients {
			names = append(names, c.Name)
		}
		text = fmt.Sprintf("Nothing to do: no configuration of %s was found here.\n", strings.Join(names, ", "))
		if !quiet {
			text = i.sideText() + text
		}
	case len(i.found) == 0:
		text = fmt.Sprintf("No MCP client's configuration was found here; %d were looked for.\n", len(clients.Table()))
		if !quiet {
			text = i.sideText() + text + "Yours is elsewhere? spanpipe " + i.verb("install", "uninstall") + " --config FILE --format json\n"
		}
		return text + i.stillWrapped()
	case p.found == 0 && len(p.refused) > 0: // the errors say it
	case p.found == 0 && i.undo:
		text = "Nothing to do: no server is wrapped.\n"
	case p.found == 0:
		text = "Nothing to do: there is no local server to wrap.\n"
	case i.undo:
		text = fmt.Sprintf("Nothing to do: none of %s in %s is wrapped.\n", localServers(p.found), view.Plural(p.files, "file"))
	case p.found == 1:
		text = "Nothing to do: the local server is wrapped.\n"
	default:
		text = fmt.Sprintf("Nothing to do: all %s in %s are wrapped.\n", localServers(p.found), view.Plural(p.files, "file"))
	}
	if len(p.refused) > 0 {
		text = strings.Replace(text, "Nothing to do", "Nothing else to do", 1)
	}
	if quiet {
		if n := p.refusals(); n > 0 && !i.undo && text != "" {
			text = strings.TrimSuffix(text, ".\n") + fmt.Sprintf("; %d left alone, see: spanpipe install --dry-run\n", n)
		}
		return i.screen().Text(text + i.stillWrapped())
	}
	if p.found > 0 && !i.undo {
		text += "Look at them: spanpipe sessions\n"
	}
	left, paste := i.leftText(p)
	return i.screen().Text(strings.TrimLeft(text+left+paste, "\n") + i.stillWrapped())
}

// refusals returns how many servers and files were left alone though they are local.
func (p *plan) refusals() (n int) {
	for _, l := range p.left {
		if l.server == nil || l.server.State != clients.Remote {
			n++
		}
	}
	return n
}

func localServers(n int) string { return view.Plural(n, "local server") }

func (i *installation) verb(install, uninstall string) string {
	if i.undo {
		return uninstall
	}
	return install
}

// summary says what would be done to how many servers.
func (i *installation) summary(p *plan, would bool) string {
	fresh, again, shared, written := 0, 0, 0, 0
	for _, e := range p.edits {
		if !would && !e.wrote {
			continue
		}
		written++
		for _, part := range e.parts {
			for _, s := range part.servers {
				if s.State == clients.Wrapped {
					again++
				} else {
					fresh++
				}
			}
			if part.file.Scope == clients.Project {
				shared++
			}
		}
	}
	var text string
	switch in := " in " + view.Plural(written, "file"); {
	case i.undo:
		text = verb(would, "unwrap ", "Unwrapped ") + view.Plural(again, "server") + in
	case fresh == 0:
		text = verb(would, "update ", "Updated ") + view.Plural(again, "wrapped server") + in
	case again > 0:
		text = verb(would, "wrap ", "Wrapped ") + view.Plural(fresh, "server") + verb(would, " and update ", " and updated ") +
			fmt.Sprint(again) + in
	default:
		text = verb(would, "wrap ", "Wrapped ") + view.Plural(fresh, "server") + in
	}
	if !i.undo {
		text += i.meaning(shared > 0, shared == written)
	}
	if len(i.forbidden) > 0 {
		text += ". Without " + joined(i.forbidden) + ": " + view.Safe(i.fleet.file) + " forbids it"
	}
	return i.fold(text+".") + "\n"
}

func verb(would bool, then, now string) string {
	switch {
	case !would:
		return now
	case then[0] == ' ':
		return then
	}
	return "Would " + then
}

// meaning says what telemetry the servers will have, and what others need who share a file.
func (i *installation) meaning(shared, alone bool) string {
	text := ""
	if !alone || len(i.shared.Env) > 0 {
		text = telemetryOf(i.wrapping.Env)
	}
	switch {
	case !shared:
		return text
	case len(i.shared.Env) > 0:
		return text + ". Files of a project turn that on for everyone who uses them, and everyone needs spanpipe in the PATH"
	}
	return text + ". Files of a project, which others share, turn no telemetry on: each person does, with SPANPIPE_TELEMETRY=local in " +
		"the environment of the client. Everyone who uses them needs spanpipe in the PATH"
}

// telemetryOf says what variables mean, in the words of "spanpipe consent".
func telemetryOf(vars []clients.Var) string {
	sinks, capture := "", ""
	for _, v := range vars {
		switch v.Name {
		case "SPANPIPE_TELEMETRY":
			sinks = v.Value
		case "SPANPIPE_CAPTURE":
			capture = v.Value
		}
	}
	what := "names, sizes, times and codes"
	if capture != "" && capture != "none" {
		what += ", and redacted content (" + view.Safe(capture) + "),"
	}
	text := ", with SPANPIPE_TELEMETRY=" + view.Safe(sinks) + ": "
	switch sinks {
	case "off":
		text += "nothing is collected until that changes"
	case "local":
		text += what + " are kept on this machine, nothing is sent (spanpipe consent)"
	default:
		text += what + " go to " + view.Safe(sinks) + " (spanpipe consent)"
	}
	return text
}

// fold breaks a sentence for stdout.
func (i *installation) fold(text string) string {
	return view.Fold(text, "", min(width(i.Stdout, plainWidth), plainWidth))
}

// plainWidth is where sentences are broken, as terminals have it.
const plainWidth = 80

// preview returns what would change: in a sentence, and the differences.
func (i *installation) preview(p *plan) string {
	text := i.sideText() + i.summary(p, true)
	for _, e := range p.edits {
		text += "\n" + i.heading(e) + i.diff(e, i.screen().Paint)
	}
	return i.screen().Text(text) + "\n" + strings.Join(i.closeFirst(p), "")
}

// sideText says whose files these are, where that is in doubt.
func (i *installation) sideText() string {
	side := i.side
	if i.side = ""; side == "" { // once
		return ""
	}
	return i.fold(side) + "\n"
}

// heading names the servers of a file.
func (i *installation) heading(e *plannedEdit) (text string) {
	for _, part := range e.parts {
		var names []string
		for _, s := range part.servers {
			names = append(names, view.Safe(s.Name))
		}
		text += i.place(part.file) + ": " + strings.Join(names, ", ") + "\n"
	}
	return text
}

// place names the client and the scope of a file.
func (i *installation) place(f *clients.File) string {
	text := f.Client.Name + ", " + string(f.Scope)
	if f.Project != "" {
		text += " to " + view.Safe(i.tilde(f.Project))
	}
	return text
}

// last returns what follows the changes: what is left alone, and what to do next.
func (i *installation) last(p *plan, closing string) string {
	text, paste := i.leftText(p)
	if paste != "" {
		text += paste + "\n"
	}
	var after []string
	for _, e := range p.edits {
		for _, part := range e.parts {
			for _, c := range append([]*clients.Client{part.file.Client}, part.file.Others...) {
				after = addStep(after, c.Next(part.file.Scope))
			}
		}
	}
	switch {
	case len(after) == 1:
		text += i.fold("Afterwards: "+after[0]+".") + "\n"
	case len(after) > 1:
		text += "Afterwards:\n"
		for _, next := range after {
			text += "  " + view.Fold(next, "    ", min(width(i.Stdout, plainWidth), plainWidth)) + "\n"
		}
	}
	for _, sentence := range slices.Concat(i.sandboxes(p), i.allowLists(p)) {
		text += i.fold(sentence) + "\n"
	}
	if undo := "To undo it: " + i.inverse; closing != "" && !i.undo {
		if closing += ". "; view.Width(closing+undo) < plainWidth {
			closing += undo
		} else { // a command stays on one line
			closing = strings.TrimSpace(closing) + "\n" + undo
		}
	}
	if closing != "" {
		text += closing + "\n"
	}
	return i.screen().Text(text + i.stillWrapped())
}

// addStep adds a client's next step. That of a project's file begins with that of the user's file, and says it, too.
func addStep(steps []string, next string) []string {
	at := slices.IndexFunc(steps, func(s string) bool { return strings.HasPrefix(s, next) || strings.HasPrefix(next, s) })
	switch {
	case next == "":
	case at < 0:
		steps = append(steps, next)
	case len(next) > len(steps[at]):
		steps[at] = next
	}
	return steps
}

// sandboxes says what servers lack that their client shuts in.
func (i *installation) sandboxes(p *plan) (all []string) {
	for _, e := range p.edits {
		for _, part := range e.parts {
			for _, s := range part.servers {
				on := part.file.Doc.Get(append(slices.Clone(s.Path), "sandboxEnabled"))
				if part.file.Client.Sandbox != "" && on != nil && on.Text == "true" && !i.undo {
					all = append(all, "In a sandbox: "+view.Safe(s.Name)+". "+part.file.Client.Sandbox)
				}
			}
		}
	}
	return all
}

// allowLists says which administrators may have to allow the servers' new commands.
func (i *installation) allowLists(p *plan) (all []string) {
	for _, e := range p.edits {
		for _, part := range e.parts {
			path := part.file.Client.AllowList(i.machine())
			sentence := fmt.Sprintf("Administrators allow servers of %s by their commands (allowedMcpServers in %s): it may refuse wrapped ones "+
				"until they allow these, too.", part.file.Client.Name, view.Safe(path))
			if path != "" && !i.undo && !slices.Contains(all, sentence) {
				all = append(all, sentence)
			}
		}
	}
	return all
}

// stillWrapped says which servers an uninstall has not been asked to unwrap: they do not start once the program is gone.
func (i *installation) stillWrapped() string {
	if names := i.wrappedBeyond(); names != "" {
		return "Still wrapped: " + names + ".\nTo unwrap them, too: spanpipe uninstall --scope all\n"
	}
	return ""
}

// wrappedBeyond names them.
func (i *installation) wrappedBeyond() string {
	var all []string
	for _, f := range i.beyond {
		n := 0
		for _, s := range f.Servers {
			if s.State == clients.Wrapped {
				n++
			}
		}
		if i.undo && n > 0 {
			all = append(all, fmt.Sprintf("%s in %s", view.Plural(n, "server"), view.Safe(i.tilde(f.Path))))
		}
	}
	return strings.Join(all, ", ")
}

// leftText says what is left alone, and why, and what can be pasted by hand.
func (i *installation) leftText(p *plan) (text, paste string) {
	var all, remote []string
	for _, l := range p.left {
		switch name := i.leftName(l); {
		case l.server != nil && l.server.State == clients.Remote:
			remote = append(remote, name+" (remote)")
		default:
			all = append(all, name+" ("+view.Safe(l.why)+")")
		}
		if l.snippet != "" {
			paste += i.pasted(view.Safe(l.server.Name), l.file.Path, l.snippet)
		}
	}
	for _, e := range p.refused {
		if e.snippet != "" {
			paste += i.pasted("a server", e.Path, e.snippet)
		}
	}
	if len(remote) > 2 {
		remote = []string{view.Plural(len(remote), "remote server")}
	}
	if all = append(all, remote...); len(all) > 0 {
		text = i.fold("Left alone: "+strings.Join(all, "; ")+".") + "\n"
	}
	if len(p.kept) > 0 {
		text += i.fold(i.keptText(p)) + "\n"
	}
	return text, paste
}

// keptText names the variables that stay as they are.
func (i *installation) keptText(p *plan) string {
	why := i.verb("Kept as it was set there: ", "Left in place, since it is not known whether install has set them: ")
	return why + strings.Join(p.kept, ", ") + "."
}

// leftName names what is left alone.
func (i *installation) leftName(l leftAlone) string {
	if l.server == nil {
		return l.file.Client.Name + "'s file"
	}
	return view.Safe(l.server.Name) + " of " + l.file.Client.Name
}

// pasted says what to paste to wrap a server.
func (i *installation) pasted(server, path, snippet string) string {
	return "\nTo wrap " + server + " in " + view.Safe(i.tilde(path)) + " by hand:\n" + strings.TrimRight(i.masked(snippet), "\n") + "\n"
}

package cli

import (
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/view"
)

// The shapes of install --json and uninstall --json; see docs/json.md.
type jsonInstallation struct {
	Version int              `json:"version"`
	DryRun  bool             `json:"dry_run"`
	Program string           `json:"program,omitempty"` // of files of this user; absent from uninstall
	Side    string           `json:"side,omitempty"`
	Files   []jsonEditedFile `json:"files"`
	Left    []jsonLeftAlone  `json:"left_alone"`
	Notes   []string         `json:"notes,omitempty"`
}

type jsonEditedFile struct {
	Client  string        `json:"client"`
	Scope   clients.Scope `json:"scope"`
	Project string        `json:"project,omitempty"`
	Path    string        `json:"path"`
	Servers []string      `json:"servers"`
	Written bool          `json:"written"`
	Error   string        `json:"error,omitempty"`
	Note    string        `json:"note,omitempty"`
	Diff    string        `json:"diff,omitempty"` // of the whole file; with a dry run
	After   string        `json:"after,omitempty"`
	Snippet string        `json:"snippet,omitempty"` // what can be pasted by hand
}

type jsonLeftAlone struct {
	Client  string        `json:"client"`
	Scope   clients.Scope `json:"scope"`
	Path    string        `json:"path"`
	Server  string        `json:"server,omitempty"` // absent if it is the file
	Reason  string        `json:"reason"`
	Snippet string        `json:"snippet,omitempty"`
}

func (i *installation) json(p *plan, dryRun bool) jsonInstallation {
	out := jsonInstallation{
		Version: jsonVersion, DryRun: dryRun, Program: i.wrapping.Program, Side: i.side, Files: []jsonEditedFile{}, Left: []jsonLeftAlone{},
	}
	for _, e := range slices.Concat(p.refused, p.edits) {
		for _, part := range e.parts {
			f := part.file
			one := jsonEditedFile{
				Client: f.Client.ID, Scope: f.Scope, Project: f.Project, Path: f.Path, Servers: []string{}, Written: e.wrote,
				Note: e.note,
			}
			if e.snippet != "" {
				one.Snippet = i.masked(e.snippet)
			}
			if len(part.servers) > 0 {
				one.After = f.Client.Next(f.Scope)
			}
			for _, s := range part.servers {
				one.Servers = append(one.Servers, s.Name)
			}
			if e.err != nil {
				one.Error, _ = i.problem(e)
			} else if dryRun {
				one.Diff = i.diff(e, view.Plain)
			}
			out.Files = append(out.Files, one)
		}
	}
	for _, l := range p.left {
		one := jsonLeftAlone{Client: l.file.Client.ID, Scope: l.file.Scope, Path: l.file.Path, Reason: l.why, Snippet: i.masked(l.snippet)}
		if l.server != nil {
			one.Server = l.server.Name
		}
		out.Left = append(out.Left, one)
	}
	out.Notes = i.notes(p, dryRun)
	return out
}

// notes returns what else the text says, a sentence each.
func (i *installation) notes(p *plan, dryRun bool) (all []string) {
	if len(i.forbidden) > 0 {
		all = append(all, i.fleet.file+" forbids "+joined(i.forbidden)+", which is not written")
	}
	for _, line := range i.closeFirst(p) {
		if dryRun {
			all = append(all, strings.TrimSuffix(line, "\n"))
		}
	}
	if len(p.kept) > 0 {
		all = append(all, i.keptText(p))
	}
	all = slices.Concat(all, i.sandboxes(p), i.allowLists(p))
	if names := i.wrappedBeyond(); names != "" {
		all = append(all, "Still wrapped: "+names+".")
	}
	return all
}

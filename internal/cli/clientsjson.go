package cli

import (
	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/clients"
	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// The shape of clients --json; see docs/json.md. Arguments, URLs and values of variables may be secrets, and are left out.
type jsonClients struct {
	Version int              `json:"version"`
	Looked  int              `json:"looked_for"`
	Side    string           `json:"side,omitempty"`
	Files   []jsonClientFile `json:"files"`
}

type jsonClientFile struct {
	Client  string             `json:"client"`
	Others  []string           `json:"also_read_by,omitempty"`
	Scope   clients.Scope      `json:"scope"`
	Project string             `json:"project,omitempty"`
	Path    string             `json:"path"`
	Format  edit.Format        `json:"format"`
	Error   string             `json:"error,omitempty"`
	Servers []jsonClientServer `json:"servers"`
}

type jsonClientServer struct {
	Name      string               `json:"name"`
	Line      int                  `json:"line"`
	State     clients.State        `json:"state"`
	Reason    string               `json:"reason,omitempty"`
	Disabled  bool                 `json:"disabled"`
	Command   string               `json:"command,omitempty"`
	Program   string               `json:"program,omitempty"`
	Telemetry *jsonClientTelemetry `json:"telemetry,omitempty"`
}

type jsonClientTelemetry struct {
	On      bool           `json:"on"`
	Sinks   []consent.Sink `json:"sinks"`
	Reasons []string       `json:"reasons"`
}

func (l *clientList) json() jsonClients {
	out := jsonClients{
		Version: jsonVersion, Looked: l.looked(), Side: clients.Side(l.machine()), Files: []jsonClientFile{},
	}
	for _, f := range l.files {
		one := jsonClientFile{
			Client: f.Client.ID, Scope: f.Scope, Project: f.Project, Path: f.Path, Format: f.Format, Servers: []jsonClientServer{},
		}
		for _, c := range f.Others {
			one.Others = append(one.Others, c.ID)
		}
		if f.Err != nil {
			one.Error = f.Err.Error()
		}
		for _, s := range f.Servers {
			server := jsonClientServer{
				Name: s.Name, Line: s.Line, State: s.State, Reason: s.Why, Disabled: s.Disabled, Command: s.Command, Program: s.Program,
			}
			if s.State == clients.Unsupported {
				server.Command = "" // may have arguments
			}
			if s.State == clients.Wrapped {
				p := l.decide(s)
				server.Telemetry = &jsonClientTelemetry{p.On(), append([]consent.Sink{}, p.Sinks()...), p.Reasons()}
			}
			one.Servers = append(one.Servers, server)
		}
		out.Files = append(out.Files, one)
	}
	return out
}

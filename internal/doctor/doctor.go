// Package doctor judges what was found of clients, a server, telemetry and this machine: each check is ok, a warning or a
// failure, with what to do.
//
// It is given facts and looks at nothing itself, so that each fault can be planted in a test. internal/cli gathers the facts,
// and prints what is returned here. A check is made in the file of its group (clients.go, server.go, telemetry.go, machine.go), and
// All lists it for docs/doctor.md.
package doctor

// Status is how a check has ended.
type Status string

// The statuses. Only a failure changes the exit status.
const (
	OK   Status = "ok"
	Warn Status = "warn"
	Fail Status = "fail"
)

// Check is one thing that was checked.
type Check struct {
	ID      string   `json:"id"` // one of Known
	Status  Status   `json:"status"`
	Client  string   `json:"client,omitempty"`  // its name on the command line
	Servers []string `json:"servers,omitempty"` // the names of the entries that it is about
	Signals []string `json:"signals,omitempty"` // of telemetry, that were answered in the same way
	Text    string   `json:"text"`              // what was found, a clause
	Remedy  []string `json:"remedy,omitempty"`  // what to do, a line each

	name string // of the client, for people; with Servers
}

// Group is checks that belong together.
type Group struct {
	Name   string  `json:"name"`
	Checks []Check `json:"checks"`
}

// Line returns what a person reads of a check.
func (c *Check) Line() string {
	if len(c.Servers) == 0 {
		return c.Text
	}
	return c.name + ", " + Some(c.Servers) + ": " + c.Text
}

// Count returns how many checks of groups have a status.
func Count(groups []Group, s Status) (n int) {
	for _, g := range groups {
		for i := range g.Checks {
			if g.Checks[i].Status == s {
				n++
			}
		}
	}
	return n
}

// ok, warn and fail add a check to a group.
func (g *Group) ok(id, text string) { g.add(Check{ID: id, Status: OK, Text: text}) }

func (g *Group) warn(id, text string, remedy ...string) {
	g.add(Check{ID: id, Status: Warn, Text: text, Remedy: remedy})
}

func (g *Group) fail(id, text string, remedy ...string) {
	g.add(Check{ID: id, Status: Fail, Text: text, Remedy: remedy})
}

func (g *Group) add(c Check) { g.Checks = append(g.Checks, c) }

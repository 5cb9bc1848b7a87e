package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/proctree"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/admin"
)

func (a *app) healthCommand() *cli.Command {
	return &cli.Command{
		Name:      "health",
		Usage:     "ask running sessions whether they are healthy: a probe",
		UsageText: "spanpipe health [flags]",
		Description: `For the exec probes of Kubernetes and for Docker's HEALTHCHECK. Asks the metrics
pages of the sessions on this machine, or in this container: at --addr or
SPANPIPE_ADMIN_ADDR, else at the default address of the sink prometheus and
where sessions have listed themselves in SPANPIPE_DIR/targets.

A session is healthy while its server's process is running, and ready once that
has answered a request. Who has opted out of telemetry has no page to ask: the
probe says "not checked" then, and passes, so that nothing is restarted.

   spanpipe health                                 for a livenessProbe
   spanpipe health --ready                         for a readinessProbe
   spanpipe health --addr unix:/run/mcp/admin

Exit status: 0 if all sessions are healthy, or if there was nothing to check; 1
if one is not, or none answers; 2 if the command line is invalid.`,
		Flags: a.flags(
			&cli.StringFlag{Name: "addr", Usage: "the `ADDRESS` to ask: host:port or unix:PATH"},
			&cli.BoolFlag{Name: "ready", Usage: "ask whether the server has answered a request, too", DisableDefaultText: true},
			&cli.DurationFlag{Name: "timeout", Value: time.Second, Usage: "how long to wait for all answers: `DURATION`"},
			jsonFlag,
		),
		Action: a.health,
	}
}

// exitUnhealthy is the exit code of "spanpipe health" if a session is not healthy.
const exitUnhealthy = 1

// healthJSON is what "spanpipe health --json" prints, see docs/json.md.
type healthJSON struct {
	Version  int             `json:"version"`
	Healthy  bool            `json:"healthy"`
	Checked  bool            `json:"checked"`
	Reason   string          `json:"reason,omitempty"` // why nothing was checked, or why it is not healthy
	Sessions []sessionHealth `json:"sessions"`
}

type sessionHealth struct {
	Address string        `json:"address"`
	Healthy bool          `json:"healthy"`
	Error   string        `json:"error,omitempty"`
	Report  *admin.Report `json:"report,omitempty"`
}

func (a *app) health(c *cli.Context) error {
	if c.Args().Present() || a.dashes {
		return &usageError{"health takes no arguments", "an address: spanpipe health --addr ADDRESS"}
	}
	timeout := c.Duration("timeout")
	if timeout <= 0 {
		return &usageError{"--timeout: want a duration above 0", "such as --timeout 1s"}
	}
	asked := c.String("addr")
	if !isAddress(asked) {
		return &usageError{fmt.Sprintf("--addr %q: want host:port or unix:PATH", asked), "for example: spanpipe health --addr localhost:9464"}
	}
	policy, err := a.decide(consent.Decide)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	path := admin.HealthPath
	if c.Bool("ready") {
		path = admin.ReadyPath
	}
	h := askAll(ctx, a.adminAddresses(policy, asked), path)
	if len(h.Sessions) == 0 { // nothing answers, or there is nothing to ask
		h.Reason, h.Checked = a.unchecked(policy, asked)
		h.Healthy = !h.Checked
	}
	if !h.Healthy {
		a.status.Code = exitUnhealthy
	}
	if c.Bool("json") {
		return a.writeJSON(h)
	}
	_, err = io.WriteString(a.Stdout, h.text())
	return err
}

// isAddress reports whether --addr has the form of an address, or is not given.
func isAddress(s string) bool {
	_, _, err := net.SplitHostPort(s)
	return s == "" || err == nil || strings.HasPrefix(s, "unix:") || strings.HasPrefix(s, "/")
}

// adminAddresses returns where sessions may be asked: at the address that was named; else at the one of this environment's
// settings, and where sessions have listed themselves.
func (a *app) adminAddresses(policy consent.Policy, asked string) []string {
	if asked != "" {
		return []string{asked}
	}
	own := a.options.adminAddr
	if own == "" {
		own = telemetry.AdminAddress(policy, "", ownEnvironment(a.Environ))
	}
	var addresses []string
	if dir := a.stateDir(); dir != "" {
		addresses = admin.Targets(filepath.Join(dir, "targets"))
	}
	if !slices.ContainsFunc(addresses, func(listed string) bool { return admin.Same(own, listed) }) {
		addresses = append(addresses, own)
	}
	slices.Sort(addresses)
	addresses = slices.Compact(addresses)
	return slices.DeleteFunc(addresses, func(address string) bool {
		return address == "" || strings.HasSuffix(address, ":0") // any free port: only the list knows it
	})
}

// askAll asks the sessions at all addresses, at the same time. An address at which none answers is left out: sessions that
// took another port are in the list.
func askAll(ctx context.Context, addresses []string, path string) healthJSON {
	answers := make(chan *sessionHealth)
	for _, address := range addresses {
		go func() { // ends with the context
			report, err := admin.Ask(ctx, address, path)
			one := &sessionHealth{Address: address, Healthy: err == nil && report.Status == "ok", Report: &report}
			switch {
			case errors.Is(err, admin.ErrNoAnswer):
				one = nil
			case err != nil:
				one.Report, one.Error = nil, err.Error()
			}
			answers <- one
		}()
	}
	h := healthJSON{Version: jsonVersion, Healthy: true, Checked: true, Sessions: []sessionHealth{}}
	for range addresses {
		if one := <-answers; one != nil {
			h.Sessions = append(h.Sessions, *one)
			h.Healthy = h.Healthy && one.Healthy
		}
	}
	slices.SortFunc(h.Sessions, func(a, b sessionHealth) int { return strings.Compare(a.Address, b.Address) })
	return h
}

// unchecked returns why no session answers, and whether that is a failure: not if telemetry is off here, or if a session with
// other settings runs in this container.
func (a *app) unchecked(policy consent.Policy, asked string) (reason string, failure bool) {
	addresses := a.adminAddresses(policy, asked)
	switch {
	case !policy.MayListen():
		return "telemetry is off: " + strings.Join(a.reasons(policy), "; "), false
	case len(addresses) == 0:
		return "the settings here name no metrics page; SPANPIPE_ADMIN_ADDR does", false
	}
	if other := a.otherEnvironment(proctree.All()); other != "" {
		return other, false
	}
	return "no session answers at " + strings.Join(addresses, " or "), true
}

// otherEnvironment returns what tells that a session's settings are not those of this process, or "": a client's
// configuration is seen by the session alone. It looks at the processes that run the same program, which on Linux are those
// of the container.
func (a *app) otherEnvironment(processes []proctree.Info) string {
	program := proctree.Executable(os.Getpid())
	for _, p := range processes {
		end := slices.Index(p.Args, "--")
		if p.PID == os.Getpid() || end < 1 || program == "" || proctree.Executable(p.PID) != program {
			continue
		}
		if end > 1 || !slices.Equal(sessionSettings(proctree.Environment(p.PID)), sessionSettings(a.Environ)) {
			return fmt.Sprintf("a session with other settings is running, process %d", p.PID)
		}
	}
	return ""
}

// sessionSettings returns the entries of an environment that decide whether and where a session has a page.
func sessionSettings(environ []string) (settings []string) {
	for _, entry := range environ {
		for _, prefix := range []string{
			"SPANPIPE_", "OTEL_EXPORTER_PROMETHEUS_", "OTEL_SDK_DISABLED=", "DO_NOT_TRACK=", "HOME=",
		} {
			if strings.HasPrefix(entry, prefix) {
				settings = append(settings, entry)
			}
		}
	}
	slices.Sort(settings)
	return settings
}

// text describes the answers in lines.
func (h healthJSON) text() string {
	if len(h.Sessions) == 0 && !h.Checked {
		return "not checked: " + h.Reason + "\n"
	} else if len(h.Sessions) == 0 {
		return "not healthy: " + h.Reason + "\n"
	}
	var b strings.Builder
	for _, s := range h.Sessions {
		switch {
		case s.Report == nil:
			fmt.Fprintf(&b, "not healthy: %s\n", view.Safe(s.Error))
		case s.Healthy:
			fmt.Fprintf(&b, "healthy: %s, up %s, %s open\n", s.Address,
				time.Duration(s.Report.Uptime*float64(time.Second)).Round(time.Second), view.Plural(int(s.Report.OpenCalls), "call"))
		default:
			fmt.Fprintf(&b, "not healthy: %s: %s\n", s.Address, failedChecks(s.Report))
		}
	}
	return b.String()
}

// failedChecks returns the messages of the checks that do not hold.
func failedChecks(r *admin.Report) string {
	var messages []string
	for _, c := range r.Checks {
		if !c.OK {
			messages = append(messages, view.Safe(c.Message))
		}
	}
	return strings.Join(messages, ", ")
}

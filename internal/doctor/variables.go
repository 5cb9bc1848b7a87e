package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/clients"
)

// own returns what an entry sets a setting of spanpipe to: by a flag, or by a variable.
func (e *entry) own(flag string) (value string, ok bool) {
	for i, arg := range e.s.Own {
		if rest, found := strings.CutPrefix(arg, "--"+flag); found {
			if value, found := strings.CutPrefix(rest, "="); found {
				return value, true
			}
			if rest == "" && i+1 < len(e.s.Own) {
				return e.s.Own[i+1], true
			}
		}
	}
	return e.variable("SPANPIPE_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_")))
}

// has reports whether the entry's telemetry has a sink.
func (e *entry) has(sink string) bool {
	value, _ := e.own("telemetry")
	return slices.Contains(strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }), sink)
}

// Sends reports whether a server's entry sends telemetry to a collector.
func Sends(goos string, s *clients.Server) bool {
	return (&entry{Clients: &Clients{OS: goos}, s: s}).sends()
}

func (e *entry) local() bool { return e.has("local") }
func (e *entry) sends() bool { return e.has("otlp") }

// telemetry checks what the entry turns on, and whether variables of the shell are missed in it.
func (e *entry) telemetry() {
	strips := func(name string) bool { return e.Getenv(name) != "" && e.file.Client.Env.Strips(name) }
	name, install := e.file.Client.Name, "spanpipe install "+e.file.Client.ID
	if _, ok := e.own("telemetry"); !ok {
		switch {
		case strips("SPANPIPE_TELEMETRY"):
			e.add("telemetry", Warn, "SPANPIPE_TELEMETRY is set in this shell, and may not reach the server, so that its telemetry is off",
				name+" passes on: "+e.passes(), "to put it into the entry: "+install)
		case e.Getenv("SPANPIPE_TELEMETRY") == "":
			e.add("telemetry", Warn, "telemetry is off, since the entry does not set SPANPIPE_TELEMETRY", "to turn it on: "+install)
		}
	}
	if _, ok := e.own("dir"); !ok && e.Dir != "" && e.local() && e.file.Client.Env.Strips("SPANPIPE_DIR") {
		e.add("variables", Warn, "SPANPIPE_DIR is set in this shell and not in the entry, so that its sessions are stored elsewhere",
			"to put it into the entry: "+install)
	}
	var missed []string
	if e.sends() {
		for _, v := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
			_, set := e.variable(v)
			_, own := e.variable("SPANPIPE_" + v)
			if !set && !own && strips(v) {
				missed = append(missed, v)
				install += fmt.Sprintf(` --set %s="$%s"`, v, v)
			}
		}
	}
	if len(missed) > 0 {
		e.add("variables", Warn, name+" may not pass on "+strings.Join(missed, ", ")+", set in this shell and not in the entry",
			name+" passes on: "+e.passes(), "to put that into the entry: "+install)
	}
}

// passes says what the client passes on.
func (e *entry) passes() string {
	if e.file.Client.Env.Text == "" {
		return "what is in env for certain, and PATH and HOME"
	}
	return strings.TrimSuffix(e.file.Client.Env.Text, ".")
}

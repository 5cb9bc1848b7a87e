package doctor_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/doctor"
)

// TestTelemetry plants each fault.
func TestTelemetry(t *testing.T) {
	signals := func(change func(*doctor.Signal)) (all []doctor.Signal) {
		for _, name := range []string{"traces", "metrics", "logs"} {
			s := doctor.Signal{Name: name, Endpoint: "http://c:4318/v1/" + name, Protocol: "http/protobuf", Dated: true}
			change(&s)
			all = append(all, s)
		}
		return all
	}
	for _, test := range []struct {
		name          string
		plant         func(*doctor.Telemetry)
		want, missing string
	}{
		{"well", func(*doctor.Telemetry) {}, "ok decision: in this shell: local (SPANPIPE_TELEMETRY=local)\n" +
			"ok store: ~/s can be written: 2 sessions, 84 MB of 200 MB\nok content: no content is captured", "warn|fail|collector"},
		{"off", func(f *doctor.Telemetry) { f.Sinks, f.Reasons = nil, []string{"it is not set"} }, "ok decision: off in this shell (it is not set); ", ""},
		{"do not track", func(f *doctor.Telemetry) { f.DoNotTrack = true }, "ok donottrack: DO_NOT_TRACK is set", ""},
		{"policy", func(f *doctor.Telemetry) { f.Policy = "/etc/p" }, "ok policy: the policy /etc/p applies", ""},
		{"policy is broken", func(f *doctor.Telemetry) { f.Policy, f.Broken = "/etc/p", "line 3" }, "fail policy: the policy /etc/p cannot be used: line 3", ""},
		{"no home", func(f *doctor.Telemetry) { f.Store.Dir = "" }, "fail store: there is no home directory", ""},
		{"not writable", func(f *doctor.Telemetry) { f.Store.Problem = "permission denied" }, "fail store: ~/s: permission denied", "ok store"},
		{"no store yet", func(f *doctor.Telemetry) { f.Store.Missing = true }, "ok store: ~/s does not exist yet", ""},
		{"too large", func(f *doctor.Telemetry) { f.Store.Over = 30e6 },
			"warn size: the store has more details of sessions than SPANPIPE_KEEP allows\n  to remove the oldest, 30 MB: spanpipe prune", ""},
		{"large, and nothing to remove", func(f *doctor.Telemetry) { f.Store.Size = 300e6 }, "ok store: ~/s can be written: 2 sessions, 300 MB of 200 MB", "warn"},
		{"disk is full", func(f *doctor.Telemetry) { f.Store.Free = 1e6 }, "warn disk: only 1.0 MB are free on the disk of ~/s", ""},
		{"content", func(f *doctor.Telemetry) { f.Content = []string{"errors"} }, "ok content: content is captured, redacted: errors", ""},
		{"no otlp", func(f *doctor.Telemetry) { f.Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT" },
			"warn otlp: OTEL_EXPORTER_OTLP_ENDPOINT is set here, and SPANPIPE_TELEMETRY has no otlp", ""},
		{"veto", func(f *doctor.Telemetry) { f.Sinks, f.Veto = []string{"otlp"}, "DO_NOT_TRACK" }, "warn otlp: nothing may be sent, and no collector was asked: DO_NOT_TRACK", ""},
		{"reached", func(f *doctor.Telemetry) { f.Sinks, f.Reached = []string{"otlp"}, signals(func(*doctor.Signal) {}) },
			"ok collector: traces, metrics and logs: http://c:4318/v1/{traces,metrics,logs} (http/protobuf) accepts an empty request\nok clock: ", "warn|fail"},
		{"refused", func(f *doctor.Telemetry) {
			f.Sinks, f.Reached = []string{"otlp"}, signals(func(s *doctor.Signal) { s.Cause, s.Hint, s.Dated = "refused", "start it", false })
		}, "fail collector: traces, metrics and logs: refused\n  start it", "clock"},
		{"refused and not asked for", func(f *doctor.Telemetry) { f.Reached = signals(func(s *doctor.Signal) { s.Cause = "refused" }) }, "warn collector: ", "fail"},
		{"refused to an entry", func(f *doctor.Telemetry) {
			f.Reached = signals(func(s *doctor.Signal) { s.Cause, s.Of = "refused", []string{"Cursor, a"} })
		}, "fail collector: traces, metrics and logs (Cursor, a): refused", ""},
		{"refused to several entries", func(f *doctor.Telemetry) {
			f.Reached = signals(func(s *doctor.Signal) { s.Cause, s.Of = "refused", []string{"Cursor, a", "Codex, a"} })
		}, "fail collector: traces, metrics and logs (Cursor, a; Codex, a): refused", ""},
		{"without data not wanted", func(f *doctor.Telemetry) {
			f.Sinks, f.Reached = []string{"otlp"}, signals(func(s *doctor.Signal) { s.Cause, s.Hint, s.Refused = "400", "see its log", true })
		}, "warn collector: traces, metrics and logs: 400\n  see its log\n  it may refuse only requests without data, as this one; to send what is stored: spanpipe push", "fail"},
		{"one signal", func(f *doctor.Telemetry) {
			f.Sinks, f.Reached = []string{"otlp"}, signals(func(s *doctor.Signal) {
				if s.Name == "logs" {
					s.Cause, s.Unsupported = "no such signal", true
				}
			})
		}, "ok collector: traces and metrics: http://c:4318/v1/{traces,metrics} \nwarn collector: logs: no such signal", "fail"},
		{"no path", func(f *doctor.Telemetry) {
			f.Sinks, f.Reached = []string{"otlp"}, signals(func(s *doctor.Signal) {
				s.Cause, s.Hint, s.Unsupported = "no receiver at /v1/"+s.Name, "spanpipe adds /v1/"+s.Name, s.Name != "traces"
			})
		}, "fail collector: traces, metrics and logs: no receiver at /v1/{traces,metrics,logs}\n  spanpipe adds /v1/{traces,metrics,logs}", "warn"},
		{"another answer to each", func(f *doctor.Telemetry) {
			f.Sinks, f.Reached = []string{"otlp"}, signals(func(s *doctor.Signal) { s.Cause = s.Name + " are not wanted" })
		}, "fail collector: traces: traces are not wanted\nfail collector: metrics: metrics are not wanted\nfail collector: logs: logs", "and"},
		{"left out", func(f *doctor.Telemetry) {
			f.Reached = signals(func(s *doctor.Signal) { s.Skipped, s.Cause = true, "OTEL_TRACES_EXPORTER=none" })
		},
			"ok collector: traces, metrics and logs: not to be sent: OTEL_TRACES_EXPORTER=none", "warn|fail"},
		{"clocks", func(f *doctor.Telemetry) {
			f.Sinks, f.Reached = []string{"otlp"}, signals(func(s *doctor.Signal) { s.Skew = -90 * time.Second })
		}, "warn clock: this machine's clock and that of http://c:4318/v1/traces differ by 90.0s", ""},
		{"unhealthy", func(f *doctor.Telemetry) { f.Unhealthy = []string{"the session at x is not healthy"} }, "warn health: the session at x is not healthy", ""},
		{"healthy", func(f *doctor.Telemetry) { f.LiveChecked = 2 }, "ok health: 2 live sessions with a metrics page, healthy", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &doctor.Telemetry{Sinks: []string{"local"}, Reasons: []string{"SPANPIPE_TELEMETRY=local"},
				Store: doctor.Store{Dir: "~/s", Size: 84e6, Most: 200e6, Free: 10e9, Sessions: 2}}
			test.plant(f)
			expect(t, lines(f.Check()), test.want, test.missing)
		})
	}
}

// expect expects lines that begin as the wanted ones, and none that contains what must be missing.
func expect(t *testing.T, got, want, missing string) {
	t.Helper()
	for want := range strings.SplitSeq(want, "\n") {
		if !strings.Contains("\n"+got, "\n"+want) {
			t.Errorf("got\n%s\nwithout %s", got, want)
		}
	}
	for missing := range strings.SplitSeq(missing, "|") {
		if missing != "" && strings.Contains(got, missing) {
			t.Errorf("got\n%s\nwith %s", got, missing)
		}
	}
}

// TestMachine plants each fault.
func TestMachine(t *testing.T) {
	for _, test := range []struct {
		name          string
		plant         func(*doctor.Machine)
		found         string // directories of programs, as program@directory
		want, missing string
	}{
		{"well", func(*doctor.Machine) {}, "", "ok tools: node, npx, uvx, docker found, also by clients that are started from a desktop\n" +
			"ok spanpipe: spanpipe is on this shell's PATH: /usr/bin/spanpipe", "warn|fail"},
		{"nvm", func(*doctor.Machine) {}, "node@/home/ann/.nvm/versions/node/v22/bin npx@/home/ann/.nvm/versions/node/v22/bin",
			"warn tools: node, npx found by this shell alone (/home/ann/.nvm/versions/node/v22/bin/node, which is nvm's; ", "ok tools: node"},
		{"missing", func(*doctor.Machine) {}, "docker@/nowhere", "ok tools: docker not installed; servers that need it do not start", "warn"},
		{"not on the PATH", func(m *doctor.Machine) { m.Program = "/opt/spanpipe" }, "spanpipe@/nowhere", "warn spanpipe: spanpipe is not on this shell's PATH: /opt/spanpipe", ""},
		{"does not last", func(m *doctor.Machine) { m.By, m.Program = "npx", "/x/_npx/1/spanpipe" }, "",
			"warn spanpipe: spanpipe runs from a place that does not last (npx): /x/_npx/1/spanpipe", "ok spanpipe"},
		{"a link lasts", func(m *doctor.Machine) { m.By, m.Lasting = "Homebrew", "/usr/bin/spanpipe" }, "", "ok spanpipe: ", "warn"},
		{"wsl", func(m *doctor.Machine) { m.Side = "this is WSL" }, "", "ok side: this is WSL", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := &doctor.Machine{
				OS: "linux", Home: "/home/ann", Path: "/home/ann/.nvm/versions/node/v22/bin:/usr/bin", Tilde: func(p string) string { return p },
				Find: func(program string, dirs []string) string {
					at := "/usr/bin"
					for one := range strings.FieldsSeq(test.found) {
						if name, dir, _ := strings.Cut(one, "@"); name == program {
							at = dir
						}
					}
					if !slices.Contains(dirs, at) {
						return ""
					}
					return at + "/" + program
				},
			}
			test.plant(m)
			expect(t, lines(m.Check()), test.want, test.missing)
		})
	}
}

// TestAll: every check that a group has is described, and none twice.
func TestAll(t *testing.T) {
	var ids []string
	for _, k := range doctor.All() {
		if slices.Contains(ids, k.ID) || k.Checks == "" {
			t.Errorf("%s is there twice, or not described", k.ID)
		}
		ids = append(ids, k.ID)
	}
	groups := []doctor.Group{wellServer().Check(), (&doctor.Telemetry{}).Check()}
	for _, g := range groups {
		for _, c := range g.Checks {
			if !slices.Contains(ids, c.ID) {
				t.Errorf("%s is not described", c.ID)
			}
		}
	}
}

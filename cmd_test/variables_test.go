package cmd_test

import (
	"encoding/json"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// TestUnknownVariables: a variable with a typo is named, with the one that was meant, and its value is not shown.
func TestUnknownVariables(t *testing.T) {
	for _, test := range []struct{ variable, nearest string }{
		{"SPANPIPE_TELEMETY", "SPANPIPE_TELEMETRY"},
		{"SPANPIPE_TELEMTRY", "SPANPIPE_TELEMETRY"},
		{"SPANPIPE_CAPTURES", "SPANPIPE_CAPTURE"},
		{"SPANPIPE_LOGLEVEL", "SPANPIPE_LOG_LEVEL"},
		{"SPANPIPE_OTLP_LOGLEVEL", "SPANPIPE_OTLP_LOG_LEVEL"},
		{"SPANPIPETELEMETRY", "SPANPIPE_TELEMETRY"},
		{"spanpipe_telemetry", "SPANPIPE_TELEMETRY"},
		{"SPANPIPE_OTEL_EXPORTER_OTLP_ENDPIONT", "SPANPIPE_OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"SPANPIPE_OTEL_BLRP_SHEDULE_DELAY", "SPANPIPE_OTEL_BLRP_SCHEDULE_DELAY"},
		{"SPANPIPE_SOMETHING_ELSE", ""},
	} {
		t.Run(test.variable, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && test.variable == "spanpipe_telemetry" {
				t.Skip("names of variables have no case")
			}
			entry := test.variable + "=a secret"
			out, stderr, _ := runConsent(t, []string{"--json"}, entry)
			var d decision
			if err := json.Unmarshal([]byte(out), &d); err != nil {
				t.Fatal(err)
			}
			if len(d.Unknown) != 1 || d.Unknown[0].Name != test.variable || d.Unknown[0].Nearest != test.nearest {
				t.Errorf("unknown = %+v, want %s, nearest %s", d.Unknown, test.variable, test.nearest)
			}
			text, _, _ := runConsent(t, nil, entry)
			shown := "\nUnknown variables, which have no effect\n   " + test.variable
			want := test.variable
			if test.nearest != "" {
				want += " (did you mean " + test.nearest + "?)"
			}
			if !strings.Contains(text, shown) || !strings.Contains(text, want) {
				t.Errorf("%q is missing in:\n%s", want, text)
			}
			h := open(t, cast.As(t, "server"), entry)
			h.CloseInput()
			h.Wait()
			const before, after = "spanpipe: warning: ignoring unknown variable ", "; spanpipe help lists those that exist\n"
			if got := h.Stderr.String(); got != before+want+after {
				t.Errorf("stderr = %q, want %q", got, before+want+after)
			}
			if strings.Contains(out+stderr+text+h.Stderr.String(), "secret") {
				t.Error("the value is shown")
			}
		})
	}
}

// TestKnownVariables: none of the variables in TELEMETRY.md is unknown, and blank ones do not count.
func TestKnownVariables(t *testing.T) {
	document, err := os.ReadFile("../TELEMETRY.md")
	if err != nil {
		t.Fatal(err)
	}
	variables := []string{"SPANPIPE_NOTHING=", "SPANPIPE_OTEL_GO_X_OBSERVABILITY=true", "SPANPIPE_OTEL_BSP_SCHEDULE_DELAY=1"}
	for _, name := range regexp.MustCompile("`(SPANPIPE_[A-Z_]+)`").FindAllStringSubmatch(string(document), -1) {
		variables = append(variables, name[1]+"=x")
	}
	for _, name := range regexp.MustCompile("`(OTEL_[A-Z_]+)`").FindAllStringSubmatch(string(document), -1) {
		variables = append(variables, "SPANPIPE_"+name[1]+"=x")
	}
	out, _, _ := runConsent(t, []string{"--json", "--telemetry=off"}, variables...)
	var d decision
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Unknown) > 0 || len(variables) < 20 {
		t.Errorf("unknown = %+v, of %q", d.Unknown, variables)
	}
}

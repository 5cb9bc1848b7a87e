package session_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// errorText is a line of testdata/errors.tsv.
type errorText struct {
	class      record.Class
	code, text string
}

func errorTexts(t testing.TB) []errorText {
	t.Helper()
	b, err := os.ReadFile("testdata/errors.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var all []errorText
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			t.Fatalf("not class, code and text: %q", line)
		}
		code := strings.TrimSuffix(fields[1], "-") // a lone dash is none
		all = append(all, errorText{record.Class(fields[0]), code, strings.ReplaceAll(fields[2], `\n`, "\n")})
	}
	return all
}

// TestClassifyErrorTexts reads the error texts of many servers.
func TestClassifyErrorTexts(t *testing.T) {
	all := errorTexts(t)
	if len(all) < 150 {
		t.Fatalf("only %d texts", len(all))
	}
	for _, test := range all {
		fallback := record.ToolError
		if test.code != "" {
			fallback = record.Internal
		}
		if got := session.Classify(test.code, []byte(test.text), fallback); got != test.class {
			t.Errorf("%s, want %s: %s %q", got, test.class, test.code, test.text)
		}
	}
}

func TestClassify(t *testing.T) {
	const otherwise = record.Class("otherwise")
	for _, test := range []struct {
		code, text string
		want       record.Class
	}{
		{"-32700", "", record.InvalidParams},
		{"-32600", "", record.InvalidParams},
		{"-32602", "Tool x not found", record.InvalidParams},
		{"-32601", "Request timed out", record.NotFound},
		{"-32002", "", record.NotFound},
		{"-32002", "Server not initialized", record.Unavailable},
		{"-32603", "", record.Internal},
		{"-32042", "", record.Authentication},
		{"-32020", "", record.InvalidParams},
		{"-32021", "", record.InvalidParams},
		{"-32022", "", record.InvalidParams},
		{"-32001", "", otherwise},
		{"-32000", "", otherwise},
		{"-1", "", otherwise},
		{"0", "", otherwise},
		{"", "", otherwise},
		{"", "   \n...", otherwise},
		{"", "rate-limit", record.RateLimited},
		{"", "RateLimitError", record.RateLimited},
		{"", "the rate. Limit it", otherwise}, // no phrase goes across the end of a sentence
		{"", "unaccess denials", otherwise},
		{"", strings.Repeat("x", 505) + " not found", otherwise},
		{"", strings.Repeat("x", 502) + " not found", record.NotFound},
		{"", strings.Repeat("aB", 256) + " not found", otherwise},
		{"", strings.Repeat("' ", 256), otherwise},
	} {
		t.Run(test.code+" "+test.text, func(t *testing.T) {
			text := []byte(test.text)
			if got := session.Classify(test.code, text, otherwise); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if !bytes.Equal(text, []byte(test.text)) {
				t.Error("the text has been changed")
			}
		})
	}
}

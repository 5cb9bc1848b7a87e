package session_test

import (
	"fmt"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/session"
)

// TestForms checks that a member whose texts have a form of their own lets nothing else out.
func TestForms(t *testing.T) {
	for _, c := range []struct {
		line   string // with a place for the value
		shown  func(session.Raw) string
		values map[string]string // the value as JSON, and what is shown of it
	}{
		{`{"jsonrpc":"2.0","id":1,"error":{"code":%s,"message":"x"}}`, func(m session.Raw) string { return m.Code }, map[string]string{
			`-32601`: "-32601", `0`: "0", `"404"`: "404", `"E_FAIL"`: "_OTHER", `1.5`: "_OTHER", `1e3`: "_OTHER",
			`4929123412341234`: "_OTHER", `"ann"`: "_OTHER", `"-"`: "_OTHER", `""`: "",
		}},
		{`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":%s}}`,
			func(m session.Raw) string { return m.Extra.Protocol }, versions},
		{`{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":%s}}`,
			func(m session.Raw) string { return m.Extra.Protocol }, versions},
		{`{"jsonrpc":"2.0","id":1,"method":"x","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":%s}}}`,
			func(m session.Raw) string { return m.Extra.Protocol }, versions},
		{`{"jsonrpc":"2.0","id":1,"result":{"status":"failed","error":{"code":%s}}}`,
			func(m session.Raw) string { return m.Extra.Outcome.Code }, map[string]string{`-32603`: "-32603", `"E_FAIL"`: "_OTHER"}},
		{`{"jsonrpc":%s,"id":1,"method":"ping"}`, func(m session.Raw) string { return m.Extra.JSONRPC }, map[string]string{
			`"1.0"`: "1.0", `"two"`: "_OTHER", `"2.0.1"`: "_OTHER",
		}},
	} {
		for value, want := range c.values {
			if got := c.shown(decoded(session.Decoder{}, scanned(fmt.Sprintf(c.line, value)))); got != want {
				t.Errorf("%s: %q, want %q", fmt.Sprintf(c.line, value), got, want)
			}
		}
	}
}

var versions = map[string]string{
	`"2025-11-25"`: "2025-11-25", `"2026-07-28"`: "2026-07-28", `"2099-12-31"`: "2099-12-31", `"DRAFT-2026-v1"`: "DRAFT-2026-v1",
	`"latest"`: "_OTHER", `"2025-13-01"`: "_OTHER", `"2025-11-25 ann"`: "_OTHER", `"DRAFT-ann"`: "_OTHER", `"10.0.0.1"`: "_OTHER",
}

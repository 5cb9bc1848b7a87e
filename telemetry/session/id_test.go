package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/framing"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// refOf scans a request with the id, as it is written.
func refOf(t *testing.T, id string) session.Ref {
	t.Helper()
	m := scanned(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"ping"}`, id))
	if m.Kind != framing.Request {
		t.Fatalf("%s makes no request", id)
	}
	return session.NewRef(m.ID)
}

func TestLikeness(t *testing.T) {
	long := strings.Repeat("7", 70)
	for _, test := range []struct {
		a, b  string
		alike bool
	}{
		{`7`, `"7"`, true},
		{`7`, `7.0`, true},
		{`7`, `"7.00"`, true},
		{`7`, `0.7e1`, true},
		{`7`, `70E-1`, true},
		{`700`, `7e+2`, true},
		{`0`, `-0`, true},
		{`0`, `-0.0`, true},
		{`"007"`, `7`, true},
		{`-3`, `"-3"`, true},
		{`9007199254740993`, `9007199254740992`, true},
		{`123456789012345678901234567890`, `123456789012345678901234567000`, true},
		{`999999999999999`, `999999999999998`, false},
		{`9007199254740993`, `9007199254740996`, false},
		{`7`, `8`, false},
		{`7`, `-7`, false},
		{`7`, `"7 "`, false},
		{`7`, `"+7"`, false},
		{`0.7`, `".7"`, false},
		{`7`, `"e7"`, false},
		{`7`, `"0x7"`, false},
		{`7`, `"7_0"`, false},
		{`0`, `""`, false},
		{`0`, `"-"`, false},
		{`0`, `"."`, false},
		{`0`, `null`, false},
		{`0`, `false`, false},
		{`"inf"`, `"Infinity"`, false},
		{`1e400`, `1e401`, false},
		{`"a"`, `"A"`, false},
		{`"a"`, `"\u0061"`, true},
		{`"1e5"`, `100000`, true},
		{`"1-2"`, `"1-3"`, false},
		{`"` + long + `a"`, `"` + long + `b"`, true},
		{`"` + long + `"`, long, true},
		{`"` + long + `"`, `"8` + long + `"`, false},
	} {
		t.Run(test.a+" "+test.b, func(t *testing.T) {
			if got := session.Like(refOf(t, test.a), refOf(t, test.b)); got != test.alike {
				t.Errorf("alike: %v", got)
			}
		})
	}
}

// TestIDText checks what is kept of a request's id for people: it is the id as it was written.
func TestIDText(t *testing.T) {
	for id, want := range map[string]string{
		`0`: "0", `7`: "7", `99`: "99", `100`: "100", `999`: "999", `1000`: "1000", `-1`: "-1", `-0`: "-0", `0.0`: "0.0", `1e2`: "1e2",
		`1.5`: "1.5", `9007199254740993`: "9007199254740993", `"07"`: "07", `"x"`: "x", `""`: "", `null`: "", `true`: "", `[1]`: "",
		`"` + strings.Repeat("é", 40) + `"`: strings.Repeat("é", 32),
	} {
		t.Run(id, func(t *testing.T) {
			m := scanned(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"ping"}`, id))
			if got := decoded(session.Decoder{}, m).ID.Text; got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func decoded(d session.Decoder, m framing.Message) (out session.Raw) {
	d.Reader, d.Epoch = reader, epoch
	d.Decode(&m, &out)
	return out
}

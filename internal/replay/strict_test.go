package replay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/replay"
)

// TestStrict: what is a difference although messages look alike, and what is none although they do not.
func TestStrict(t *testing.T) {
	const call = `> {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}` + "\n"
	const uuidA, uuidB = "aaaaaaaa-1111-4111-8111-111111111111", "bbbbbbbb-1111-4111-8111-111111111111"
	const uuidC, uuidD = "cccccccc-1111-4111-8111-111111111111", "dddddddd-1111-4111-8111-111111111111"
	for _, test := range []struct {
		name, recording string
		server          fresh
		want            []string
	}{
		{"a date that is data, and near the replay", call + `< {"jsonrpc":"2.0","id":1,"result":{"a":"due 2026-11-30","b":"from 2026-11-30, at 10:00:03"}}
			close`, fresh{{"", `{"jsonrpc":"2.0","id":1,"result":{"a":"due 2026-11-30","b":"from 2026-11-30, at 00:00:01"}}`}}, nil},
		{"a date that has changed", call + `< {"jsonrpc":"2.0","id":1,"result":{"a":"due 2026-10-26"}}
			close`, fresh{{"", `{"jsonrpc":"2.0","id":1,"result":{"a":"due 2026-11-30"}}`}},
			[]string{`1 tools/call a | result a: - "due 2026-10-26" + "due ⟨date⟩"`}},
		{"an answer that is no JSON-RPC any more", call + `< {"jsonrpc":"2.0","id":1,"result":{}}
			close`, fresh{{"", `{"id":1,"result":{}}`}}, []string{`1 tools/call a | message jsonrpc: - "2.0"`}},
		{"a result that has an error beside it", call + `< {"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}
			close`, fresh{{"", `{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"no"}}`}}, []string{`1 tools/call a | message result: + {}`}},
		{"progress after the answer", `> {"id":1,"method":"tools/call","params":{"name":"a","_meta":{"progressToken":5}}}
			< {"method":"notifications/progress","params":{"progressToken":5,"progress":1}}
			< {"id":1,"result":{}}
			> {"id":2,"method":"ping"}
			< {"id":2,"result":{}}
			close`, fresh{
			{"tools/call", `{"id":1,"result":{}}` + "\n" + `{"method":"notifications/progress","params":{"progressToken":5,"progress":1}}`},
			{"ping", `{"id":2,"result":{}}`},
		}, []string{"1 tools/call a | notifications/progress 1: it came after the answer"}},
		{"a token that is used again", `> {"id":1,"method":"tools/call","params":{"name":"a","_meta":{"progressToken":"t"}}}
			< {"method":"notifications/progress","params":{"progressToken":"t","progress":1}}
			< {"id":1,"result":{}}
			> {"id":2,"method":"tools/call","params":{"name":"b","_meta":{"progressToken":"t"}}}
			< {"id":2,"result":{}}
			close`, fresh{
			{`"id":1`, `{"method":"notifications/progress","params":{"progressToken":"t","progress":1}}` + "\n" + `{"id":1,"result":{}}`},
			{`"id":2`, `{"id":2,"result":{}}`},
		}, nil},
		{"an id that is empty now", call + `< {"jsonrpc":"2.0","id":1,"result":{"item":"item-0001"}}
			> {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"b","arguments":{"item":"item-0001"}}}
			< {"jsonrpc":"2.0","id":2,"result":{"a":"b c"}}
			close`, fresh{
			{`"id":1`, `{"jsonrpc":"2.0","id":1,"result":{"item":""}}`},
			{`"id":2`, `{"jsonrpc":"2.0","id":2,"result":{"a":"b c"}}`},
		}, []string{`1 tools/call a | result item: - "item-0001" + ""`}},
		{"an id that is a short word now", call + `< {"jsonrpc":"2.0","id":1,"result":{"item":"item-0001"}}
			> {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"b","arguments":{"item":"item-0001"}}}
			< {"jsonrpc":"2.0","id":2,"result":{"a":"1 of 3"}}
			close`, fresh{
			{`"id":1`, `{"jsonrpc":"2.0","id":1,"result":{"item":"1"}}`},
			{`"id":2`, `{"jsonrpc":"2.0","id":2,"result":{"a":"1 of 3"}}`},
		}, []string{`1 tools/call a | result item: - "⟨made up 1⟩" + "1"`}},
		{"a server that ended early then, too", call + `< {"jsonrpc":"2.0","id":1,"result":{}}
			ends
			> {"jsonrpc":"2.0","method":"notifications/roots/list_changed"}
			close`, fresh{{"tools/call", `{"jsonrpc":"2.0","id":1,"result":{}}` + "\nend"}}, nil},
		{"a digit of a sum that the client says later", call + `< {"jsonrpc":"2.0","id":1,"result":{"text":"The sum is 123456."}}
			> {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"b","arguments":{"of":"123456"}}}
			< {"jsonrpc":"2.0","id":2,"result":{}}
			close`, fresh{
			{`"id":1`, `{"jsonrpc":"2.0","id":1,"result":{"text":"The sum is 123457."}}`},
			{`"of":"123456"`, `{"jsonrpc":"2.0","id":2,"result":{}}`},
		}, []string{`1 tools/call a | result text: - "The sum is 123456." + "The sum is 123457."`}},
		{"notifications of the session in another order", call + `< {"jsonrpc":"2.0","id":1,"result":["` + uuidA + `","` + uuidB + `"]}
			< {"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x:` + uuidA + `"}}
			< {"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x:` + uuidB + `"}}
			close`, fresh{{"", `{"jsonrpc":"2.0","id":1,"result":["` + uuidC + `","` + uuidD + `"]}
			{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x:` + uuidD + `"}}
			{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x:` + uuidC + `"}}`}}, nil},
		{"a ping of a server that has a timer", call + `< {"jsonrpc":"2.0","id":7,"method":"ping"}
			> {"jsonrpc":"2.0","id":7,"result":{}}
			< {"jsonrpc":"2.0","id":1,"result":{}}
			close`, fresh{{"tools/call", `{"jsonrpc":"2.0","id":1,"result":{}}`}}, []string{`server: ping | request: the server did not send it - {"method":"ping"}`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			report, _, p := replayed(t, recorded(t, test.recording), test.server, replay.Config{}, replay.Options{})
			if got := differences(report); !slices.Equal(got, test.want) {
				t.Errorf("the differences are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			if took := p.Took(); took > time.Minute/4 {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// TestEndsEarly: a server that ends while the client still speaks differs from one that does not, although nothing was to be answered.
func TestEndsEarly(t *testing.T) {
	rec := recorded(t, `> {"id":1,"method":"tools/call","params":{"name":"a"}}
		< {"id":1,"result":{}}
		> {"method":"notifications/roots/list_changed"}
		close`)
	report, _, _ := replayed(t, rec, fresh{{"", `{"id":1,"result":{}}` + "\nend"}}, replay.Config{Speed: 1}, replay.Options{})
	want := []string{"stdout | end: the server has closed its output before the client was done"}
	if got := differences(report); !slices.Equal(got, want) {
		t.Errorf("the differences are %q, want %q", got, want)
	}
}

// TestOpaqueByKind: a cursor and the id of a task that happen to be alike do not stand for each other.
func TestOpaqueByKind(t *testing.T) {
	rec := recorded(t, `> {"id":1,"method":"tools/list","params":{}}
		< {"id":1,"result":{"tools":[],"nextCursor":"1"}}
		> {"id":2,"method":"tools/call","params":{"name":"a","task":{}}}
		< {"id":2,"result":{"task":{"taskId":"1"}}}
		> {"id":3,"method":"tools/list","params":{"cursor":"1"}}
		< {"id":3,"result":{"tools":[]}}
		> {"id":4,"method":"tasks/get","params":{"taskId":"1"}}
		< {"id":4,"result":{}}
		close`)
	report, read, _ := replayed(t, rec, fresh{
		{`"id":1`, `{"id":1,"result":{"tools":[],"nextCursor":"p2"}}`},
		{`"id":2`, `{"id":2,"result":{"task":{"taskId":"t7"}}}`},
		{`"id":3`, `{"id":3,"result":{"tools":[]}}`},
		{`"id":4`, `{"id":4,"result":{}}`},
	}, replay.Config{}, replay.Options{})
	if got := strings.Join(read, "\n"); !strings.Contains(got, `"cursor":"p2"`) || !strings.Contains(got, `"taskId":"t7"`) || report.Differences() > 0 {
		t.Errorf("%q\n%s", differences(report), got)
	}
}

// TestBounds: a server that does not come to an end does not keep a replay.
func TestBounds(t *testing.T) {
	var calls strings.Builder
	for i := range 20 {
		fmt.Fprintf(&calls, `> {"id":%d,"method":"tools/call","params":{"name":"a","_meta":{"progressToken":%d}}}`+"\n"+`< {"id":%d,"result":{}}`+"\n", i, i, i)
	}
	progress := strings.Repeat(`{"method":"notifications/progress","params":{"progressToken":{id},"progress":1}}`+"\nwait\n", 3600)
	for _, test := range []struct {
		name, then string
		most       time.Duration
	}{
		{"nothing but text", "working", 10 * time.Minute},
		{"nothing but progress", progress, time.Hour},
		{"a flood", strings.Repeat(strings.Repeat("x", 4<<10)+"\n", 32_000), 10 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			report, _, p := replayed(t, recorded(t, calls.String()+"close"), fresh{{"", test.then}}, replay.Config{}, replay.Options{})
			if p.Took() > test.most || report.Differences() == 0 || report.Stopped == "" {
				t.Errorf("took %s, with %d differences; stopped: %s", p.Took(), report.Differences(), report.Stopped)
			}
		})
	}
}

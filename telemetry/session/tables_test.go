package session_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// pairing writes down which requests end, and how.
type pairing struct{ ends []string }

func (p *pairing) Opened(*record.Operation) {}
func (p *pairing) Changed(op *record.Operation) {
	if op.Change != record.Ended {
		return
	}
	p.ends = append(p.ends, fmt.Sprintf("%s answered=%v mismatch=%v %s", op.Target, op.Answered, op.IDMismatch, op.ErrorType))
}
func (p *pairing) Noted(n record.Note) {
	if v, ok := n.(record.Violation); ok && v.Kind == record.LateResponse {
		p.ends = append(p.ends, "late")
	}
}

// TestMatching compares which request each response and each cancellation ends with a model that keeps a plain list:
// the first with exactly the id, else the only one whose id is alike.
func TestMatching(t *testing.T) {
	ids := []string{"1", `"1"`, "1.0", "1e0", "2", `"2"`, `"x"`}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7))
		got, want := &pairing{}, []string{}
		p := newPlayer(session.Config{}, got)
		type request struct{ id, name string }
		var open []request
		gone := map[string]int{}
		find := func(id string) (at int, same bool) {
			if at = slices.IndexFunc(open, func(r request) bool { return r.id == id }); at >= 0 {
				return at, true
			}
			for i, r := range open {
				if strings.Trim(r.id, `".0e`) == strings.Trim(id, `".0e`) {
					if at >= 0 {
						return -1, false
					}
					at = i
				}
			}
			return at, false
		}
		take := func(at int) string {
			name := open[at].name
			open = slices.Delete(open, at, at+1)
			return name
		}
		for n := range 300 {
			id, now := ids[r.IntN(len(ids))], time.Duration(n)*time.Hour/1000
			switch r.IntN(5) {
			case 0, 1:
				name := fmt.Sprintf("call-%d", n)
				p.say(record.ToServer, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"%s"}}`+"\n", id, name), now)
				open = append(open, request{id, name})
			case 2, 3:
				p.say(record.ToClient, fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"result":{}}`+"\n", id), now)
				if at, same := find(id); at >= 0 {
					want = append(want, fmt.Sprintf("%s answered=true mismatch=%v ", take(at), !same))
				} else if gone[id] > 0 {
					gone[id]--
					want = append(want, "late")
				}
			case 4:
				p.say(record.ToServer, fmt.Appendf(nil, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%s}}`+"\n", id), now)
				if at, _ := find(id); at >= 0 {
					gone[open[at].id]++
					want = append(want, fmt.Sprintf("%s answered=false mismatch=false cancelled", take(at)))
				}
			}
			p.tracker.Advance(now + time.Hour) // no response waits for its request
		}
		if !slices.Equal(got.ends, want) {
			i := 0
			for i < min(len(want), len(got.ends)) && got.ends[i] == want[i] {
				i++
			}
			t.Fatalf("seed %d: the %d. end is %q, want %q", seed, i+1, got.ends[i:min(i+1, len(got.ends))], want[i:min(i+1, len(want))])
		}
	}
}

// counter counts violations, and operations by how they ended.
type counter map[string]int

func (c counter) Opened(*record.Operation) {}
func (c counter) Changed(op *record.Operation) {
	if op.Change != record.Ended {
		return
	}
	word := op.ErrorType
	if word == "" {
		word = "fine"
	}
	c[word]++
}
func (c counter) Noted(n record.Note) {
	if v, ok := n.(record.Violation); ok {
		c[string(v.Kind)]++
	}
}

// TestGivenUp checks that the ids of requests given up are remembered in a bound, the latest ones, and each as often as
// it was given up.
func TestGivenUp(t *testing.T) {
	const cancel = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}`
	giveUp := func(s *speaker, n int) {
		s.say(record.ToServer, ask, n)
		s.say(record.ToServer, cancel, n)
	}
	t.Run("the latest", func(t *testing.T) {
		c := counter{}
		s := newSpeaker(c)
		for n := range session.MaxGivenUp + 10 {
			giveUp(s, n)
		}
		for n := range session.MaxGivenUp + 10 {
			s.say(record.ToClient, response, n)
		}
		s.p.tracker.Advance(time.Hour)
		if c["late_response"] != session.MaxGivenUp || c["orphan_response"] != 10 {
			t.Errorf("%v", c)
		}
	})
	t.Run("one id", func(t *testing.T) {
		c := counter{}
		s := newSpeaker(c)
		for range session.MaxGivenUp + 10 {
			giveUp(s, 5)
		}
		for range session.MaxGivenUp + 10 {
			s.say(record.ToClient, response, 5)
		}
		s.p.tracker.Advance(time.Hour)
		if c["late_response"] != session.MaxGivenUp || c["orphan_response"] != 10 {
			t.Errorf("%v", c)
		}
	})
	t.Run("taken and given up again", func(t *testing.T) {
		c := counter{}
		s := newSpeaker(c)
		for n := range 5 * session.MaxGivenUp {
			giveUp(s, 5)
			giveUp(s, n+10)
			s.say(record.ToClient, response, 5)
		}
		if c["late_response"] != 5*session.MaxGivenUp || c["orphan_response"] != 0 {
			t.Errorf("%v", c)
		}
	})
}

// TestEarlyResponses checks the queue of responses that have overtaken their requests when much of it is taken from
// the middle.
func TestEarlyResponses(t *testing.T) {
	c := counter{}
	s := newSpeaker(c)
	asked := 0
	for n := range 5 * session.MaxEarly {
		s.say(record.ToClient, response, n)
		if n%8 != 0 && n > 4 { // most requests come three responses later, and earlier in time
			s.line = append(fmt.Appendf(s.line[:0], ask, n-3), '\n')
			s.p.say(record.ToServer, s.line, 0)
			asked++
		}
		if places := s.p.tracker.EarlyPlaces(); places > 2*session.MaxEarly {
			t.Fatalf("the queue has grown to %d places", places)
		}
	}
	if c["fine"] != asked || c["orphan_response"] != 0 {
		t.Errorf("of %d requests: %v", asked, c)
	}
	s.p.tracker.Advance(time.Hour)
	if c["orphan_response"] != 5*session.MaxEarly-asked {
		t.Errorf("of %d responses to nothing: %v", 5*session.MaxEarly-asked, c)
	}
	if left := s.p.tracker.Left(); left["early"] != 0 {
		t.Errorf("%v", left)
	}
}

// TestGrace checks when what is waited for is given up, to the moment.
func TestGrace(t *testing.T) {
	c := counter{}
	p := newPlayer(session.Config{}, c)
	at := func(now time.Duration, line string) {
		p.say(directions[strings.Index("><", line[:1])], []byte(line[2:]+"\n"), now)
	}
	at(0, fmt.Sprintf("> "+ask, 1))
	at(0, fmt.Sprintf("> "+ask, 2))
	at(0, `< {"jsonrpc":"2.0","id":2,"result":{"resultType":"task","taskId":"t","status":"working"}}`)
	at(5, `< {"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"t","status":"completed"}}`)
	at(5, `< {"jsonrpc":"2.0","id":3,"result":{}}`)
	for _, step := range []struct {
		now  time.Duration
		want counter
	}{
		{time.Second + 4, counter{}},
		{time.Second + 5, counter{"orphan_response": 1}},
		{30*time.Second + 4, counter{"orphan_response": 1}},
		{30*time.Second + 5, counter{"orphan_response": 1, "fine": 1}},
		{24*time.Hour - 1, counter{"orphan_response": 1, "fine": 1}},
		{24 * time.Hour, counter{"orphan_response": 1, "fine": 1, "expired": 1}},
	} {
		p.tracker.Advance(step.now)
		if !maps.Equal(c, step.want) {
			t.Errorf("at %v: %v, want %v", step.now, c, step.want)
		}
	}
}

// TestEvents checks that of a flood of progress so many events are kept that there is room for others, and of these no
// more than there may be.
func TestEvents(t *testing.T) {
	last := &lastRecord{}
	s := newSpeaker(last)
	s.say(record.ToServer, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"a","_meta":{"progressToken":7}}}`, 1)
	for range 1000 {
		s.say(record.ToClient, `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%d}}`, 7)
	}
	s.say(record.ToClient, `{"jsonrpc":"2.0","id":%d,"result":{"resultType":"task","taskId":"t","status":"working"}}`, 1)
	if got := len(last.op.Events); got != 25 {
		t.Errorf("%d events of progress are kept", got-1)
	}
	for range 100 {
		for _, status := range []string{"input_required", "working"} {
			s.say(record.ToClient, `{"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"t","status":"`+status+`","x":%d}}`, 1)
		}
	}
	if got := len(last.op.Events); got != 32 || last.op.Progress != 1000 {
		t.Errorf("%d events are kept, of %d progress notifications", got, last.op.Progress)
	}
}

// lastRecord keeps the last record of an operation.
type lastRecord struct {
	discard
	op *record.Operation
}

func (l *lastRecord) Opened(op *record.Operation)  { l.op = op }
func (l *lastRecord) Changed(op *record.Operation) { l.op = op }

// TestRequestMethod checks that it can be known before what a response is to.
func TestRequestMethod(t *testing.T) {
	s := newSpeaker(discard{})
	s.say(record.ToServer, ask, 1)
	s.say(record.ToClient, `{"jsonrpc":"2.0","id":%d,"method":"roots/list"}`, 1)
	early := decoded(session.Decoder{Dir: record.ToClient}, scanned(`{"jsonrpc":"2.0","id":1,"result":{}}`))
	early.Last = 0
	if got := s.p.tracker.RequestMethod(&early.Message); got != "" {
		t.Errorf("a response that is older than its request is to %q", got)
	}
	for _, test := range []struct {
		dir  record.Direction
		id   string
		want string
	}{{record.ToClient, "1", "tools/call"}, {record.ToServer, "1", "roots/list"}, {record.ToClient, `"1"`, "tools/call"}, {record.ToClient, "2", ""}} {
		m := decoded(session.Decoder{Dir: test.dir}, scanned(`{"jsonrpc":"2.0","id":`+test.id+`,"result":{}}`))
		if got := s.p.tracker.RequestMethod(&m.Message); got != test.want {
			t.Errorf("a response %v to %s is to %q, want %q", test.dir, test.id, got, test.want)
		}
	}
}

// TestListingsAreBounded: a client may leave any number of lists halfway, and a server may never end one.
func TestListingsAreBounded(t *testing.T) {
	s := newSpeaker(&lastRecord{})
	for n := range 3 * session.MaxPages {
		s.say(record.ToServer, `{"jsonrpc":"2.0","id":%d,"method":"tools/list"}`, n)
		s.say(record.ToClient, `{"jsonrpc":"2.0","id":%d,"result":{"tools":[{"name":"a"}],"nextCursor":"1"}}`, n)
	}
	for n := range 3 * session.MaxPages {
		s.say(record.ToServer, `{"jsonrpc":"2.0","id":%d,"method":"tools/list","params":{"cursor":"`+strconv.Itoa(n+1)+`"}}`, n)
		s.say(record.ToClient, `{"jsonrpc":"2.0","id":%d,"result":{"tools":[{"name":"a"}],"nextCursor":"`+strconv.Itoa(n+2)+`"}}`, n)
	}
	if lists, most := s.p.tracker.Listings(); lists > session.MaxListings || most > session.MaxPages {
		t.Errorf("%d listings, %d pages and cursors in one", lists, most)
	}
}

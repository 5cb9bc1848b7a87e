package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/internal/player"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
	"github.com/spanpipe/spanpipe/wrap"
)

// visit is one use of a server without a client, and what was found: what "spanpipe try" shows.
type visit struct {
	version   string // of spanpipe
	tool      string // to call; empty: none
	arguments json.RawMessage
	timeout   time.Duration

	opened   atomic.Bool     // the server has answered, or will not
	session  *player.Session // nil if the handshake failed
	lists    []listed
	result   *player.Result // of the call
	problems []problem      // what went wrong, in order

	records *view.Records // of the session that is over
	status  wrap.Status   // how the server ended
	forced  bool          // it had to be ended
}

// listed is one of the server's lists.
type listed struct {
	player.List
	names []string
}

// problem is something that went wrong, and what to do.
type problem struct {
	text, hint string
	ended      bool // the server ended
}

// play uses the server: it is the client's side of the session.
func (v *visit) play(in io.Reader, out io.WriteCloser) {
	ctx := context.Background() // each answer has a timeout
	s, err := player.Open(ctx, player.Config{
		In: in, Out: out, Name: "spanpipe-try", Version: v.version, Timeout: v.timeout,
	})
	v.opened.Store(true)
	if err == nil {
		v.session = s
		err = v.ask(ctx)
	}
	if err != nil {
		v.fail(err)
	}
	v.note(s)
	_ = s.Close() // ends the session; what could fail has failed before
}

// ask asks for everything that the server has, and makes the call. The error ends that.
func (v *visit) ask(ctx context.Context) error {
	for _, list := range []player.List{player.Tools, player.Resources, player.Templates, player.Prompts} {
		if !v.session.Offers(list.Capability) {
			continue
		}
		names, err := v.session.List(ctx, list)
		refused, isRefusal := errors.AsType[*player.Error](err)
		switch {
		case isRefusal && list == player.Templates && refused.Code == player.MethodNotFound:
			continue // servers with resources need not have templates
		case isRefusal:
			v.problems = append(v.problems, problem{text: fmt.Sprintf("the server answered %s with %v", list.Method, err)})
		case err != nil:
			return err
		}
		v.lists = append(v.lists, listed{list, names})
	}
	if v.tool == "" {
		return nil
	}
	result, err := v.session.Call(ctx, v.tool, v.arguments)
	if err != nil {
		return err
	}
	v.result = result
	if result.Failed {
		v.problems = append(v.problems, problem{text: "the call failed: " + result.Text})
	}
	return nil
}

// fail notes an error that ended the visit.
func (v *visit) fail(err error) {
	p := problem{text: err.Error()}
	if _, ok := errors.AsType[*player.EndedError](err); ok {
		p.ended, p.hint = true, "what it wrote to stderr, if anything, is above"
	}
	if _, ok := errors.AsType[*player.NoAnswerError](err); ok {
		p.hint = "a server that is slow may need longer: --timeout 2m"
		if !v.hasOpened() {
			p.hint = "is it an MCP server that speaks over stdin and stdout? One that is slow to start may need longer: --timeout 2m"
		}
	}
	if refused, ok := errors.AsType[*player.Error](err); ok && v.hasOpened() { // of the call: other refusals do not end it
		p.text = fmt.Sprintf("the call was refused: %v", refused)
		tools := slices.IndexFunc(v.lists, func(l listed) bool { return l.List == player.Tools })
		if tools >= 0 && !slices.Contains(v.lists[tools].names, v.tool) {
			p.hint = "the server lists no tool " + v.tool
			if near := nearest(v.tool, v.lists[tools].names); near != "" {
				p.hint += "; did you mean " + near + "?"
			}
		}
	}
	v.problems = append(v.problems, p)
}

func (v *visit) hasOpened() bool { return v.session != nil }

// note notes what the player has seen by the way.
func (v *visit) note(s *player.Session) {
	if strays := s.Strays(); strays.Lines > 0 {
		v.problems = append(v.problems, problem{
			text: fmt.Sprintf("the server wrote %s to stdout that no message is in; the first begins: %s", view.Plural(strays.Lines, "line"), strays.First),
			hint: "stdout is for messages alone, and some clients end the session there; a server writes its log to stderr",
		})
	}
}

// called returns the record of the call.
func (v *visit) called() (*record.Operation, bool) {
	if v.tool == "" {
		return nil, false
	}
	for i := range slices.Backward(v.records.Operations) {
		op := &v.records.Operations[i]
		if op.Method == semconv.ToolsCall && op.Direction == record.ToServer {
			return op, true
		}
	}
	return nil, false
}

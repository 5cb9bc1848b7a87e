package telemetry_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// exits is a sink that passes on how the server ended.
type exits func(record.Exit)

func (exits) Opened(*record.Operation)  {}
func (exits) Changed(*record.Operation) {}

func (f exits) Noted(n record.Note) {
	if e, ok := n.(record.Exit); ok {
		f(e)
	}
}

// TestEndWithoutFlush: a flush timeout of 0 is for what is sent. The console still has the end of the session.
func TestEndWithoutFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []record.Exit
		s := openTo(t, consent.Request{Telemetry: "console"}, func(c *telemetry.Config) {
			c.Sinks = []session.Sink{exits(func(e record.Exit) { got = append(got, e) })}
		})
		ctx, cancel := context.WithDeadline(t.Context(), time.Now())
		defer cancel()
		s.tel.Close(ctx, record.Exit{Code: 3})
		if len(got) != 1 || got[0].Code != 3 {
			t.Errorf("the sinks have %v, want one exit with code 3", got)
		}
	})
}

package web

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/spanpipe/spanpipe/internal/web/api"
)

// events sends what changes, as package api describes it, until the page leaves or the server ends.
//
// A page connects first and then reads what it shows, so that it misses nothing in between. When it connects again, it names
// the last event that it has seen in Last-Event-ID and gets those behind it. If these are not known any more, "hello" has
// reset, and the page reads everything again.
func (s *source) events(w http.ResponseWriter, r *http.Request) {
	from := s.keeper.stream
	release := s.keeper.hold(r.Context())
	defer release()
	at, missed, admitted := from.begin(r.Header.Get("Last-Event-ID"))
	if !admitted {
		reply(s.config.Logger, func(*http.Request) (any, error) {
			return nil, refusal(http.StatusServiceUnavailable, "too many pages are connected", "close some of them")
		}).ServeHTTP(w, r)
		return
	}
	defer from.leave()
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	send := func(text []byte) bool {
		_ = out.SetWriteDeadline(time.Now().Add(takenWithin)) // not every connection has one
		if _, err := w.Write(text); err != nil {              //nolint:gosec // it is no page, and the header says so
			return false
		}
		return out.Flush() == nil
	}
	hello := func(c cursor, reset bool) []byte {
		text, _ := json.Marshal(api.Hello{Reply: s.stamp(), Reset: reset}) // it has no value that cannot be encoded
		return message(c.id(), "hello", text)
	}
	if !send(hello(at, missed)) {
		return
	}
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for {
		text, missed, over, more := from.after(&at)
		if missed {
			text = hello(at, true)
		}
		if len(text) > 0 && !send(text) || over {
			return
		}
		if len(text) > 0 {
			continue
		}
		select {
		case <-more:
		case <-alive.C:
			if !send([]byte(":\n\n")) {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

package web

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// What is kept of the events that were sent, for pages that connect again and for those that read slowly.
	mostEvents     = 1024
	mostEventBytes = 8 << 20
	// mostStreams is how many pages may be connected.
	mostStreams = 64
	// aliveEvery is how often a comment is sent while nothing happens, so that what lies between does not take the
	// connection for dead.
	aliveEvery = 25 * time.Second
	// takenWithin is how long a page may take for what is written to it, until it has to connect again.
	takenWithin = 30 * time.Second
)

// stream keeps the last events. They are encoded once, however many pages read them, and each page reads at its own pace.
type stream struct {
	mu      sync.Mutex
	epoch   string // events with the same are numbered without a gap
	last    uint64 // the number of the newest
	kept    []event
	size    int
	more    chan struct{} // closed when there is more
	readers int
	over    bool
}

// event is an event as it is sent.
type event struct {
	number uint64
	text   []byte
}

func newStream() *stream { return &stream{epoch: newEpoch(), more: make(chan struct{})} }

func newEpoch() string { return rand.Text()[:10] }

// wake tells the readers that there is more.
func (s *stream) wake() {
	close(s.more)
	s.more = make(chan struct{})
}

// add adds an event.
func (s *stream) add(name string, data any) {
	text, err := json.Marshal(data)
	if err != nil { // a number that JSON does not have
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	e := event{s.last, message(cursor{s.epoch, s.last}.id(), name, text)}
	s.kept, s.size = append(s.kept, e), s.size+len(e.text)
	for len(s.kept) > mostEvents || s.size > mostEventBytes && len(s.kept) > 1 {
		s.size -= len(s.kept[0].text)
		s.kept[0] = event{}
		s.kept = s.kept[1:]
	}
	s.wake()
}

// message returns an event as it is sent. JSON has no line breaks.
func message(id, name string, data []byte) []byte {
	return fmt.Appendf(nil, "id: %s\nevent: %s\ndata: %s\n\n", id, name, data)
}

// restart forgets the events: after a time in which nothing was followed, pages must read again what they show.
func (s *stream) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch, s.kept, s.size = newEpoch(), nil, 0
	s.wake()
}

// end ends all readers, once they have read what there is.
func (s *stream) end(bye any) {
	s.add("bye", bye)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.wake()
}

// cursor is how far a page has read.
type cursor struct {
	epoch  string
	number uint64
}

// id is what the event that was read last is called.
func (c cursor) id() string { return c.epoch + "-" + strconv.FormatUint(c.number, 10) }

// parseID reads the id of an event. One that is not understood is that of no event.
func parseID(id string) (c cursor) {
	epoch, number, _ := strings.Cut(id, "-")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return cursor{}
	}
	return cursor{epoch, n}
}

// begin returns where a page begins to read, with the id that it names, if any.
func (s *stream) begin(id string) (c cursor, missed, admitted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readers >= mostStreams || s.over {
		return cursor{}, false, false
	}
	s.readers++
	c = cursor{s.epoch, s.last}
	if id == "" {
		return c, false, true
	}
	if asked := parseID(id); !s.misses(asked) {
		return asked, false, true
	}
	return c, true, true
}

func (s *stream) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers--
}

// misses reports whether an event behind a cursor is not known any more.
func (s *stream) misses(c cursor) bool {
	return c.epoch != s.epoch || c.number > s.last || s.last-c.number > uint64(len(s.kept))
}

// after returns what is behind a cursor, and moves it. If something of that is missing, it moves to the end, and missed is true.
func (s *stream) after(c *cursor) (text []byte, missed, over bool, more <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if missed = s.misses(*c); missed {
		*c = cursor{s.epoch, s.last}
		return nil, true, s.over, s.more
	}
	const most = 1 << 20 // at once: a slow page does not hold more
	var out bytes.Buffer
	for _, e := range s.kept[len(s.kept)-int(s.last-c.number):] {
		if out.Len() > 0 && out.Len()+len(e.text) > most {
			break
		}
		out.Write(e.text)
		c.number = e.number
	}
	return out.Bytes(), false, s.over && c.number == s.last, s.more
}

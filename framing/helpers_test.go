package framing_test

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/framing"
)

// epoch is the time of the first chunk in tests; each further one comes a second later.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// keep copies a message, which is the scanner's, for later. Empty and absent slices become equal.
func keep(m *framing.Message) framing.Message {
	c := *m
	c.ID.Text = bytes.Clone(m.ID.Text)
	c.Method = append([]byte{}, m.Method...)
	c.Version = append([]byte{}, m.Version...)
	c.Values = make([]framing.Value, len(m.Values))
	for i, v := range m.Values {
		v.Text = append([]byte{}, v.Text...)
		c.Values[i] = v
	}
	return c
}

// scan scans the chunks and returns the messages.
func scan(table *framing.Table, chunks ...[]byte) []framing.Message {
	var got []framing.Message
	s := framing.NewScanner(table, func(m *framing.Message) { got = append(got, keep(m)) })
	at := epoch
	for _, chunk := range chunks {
		own := bytes.Clone(chunk)
		s.Write(own, at)
		if !bytes.Equal(own, chunk) {
			panic(fmt.Sprintf("the scanner has changed %q to %q", chunk, own))
		}
		clear(own) // a reference to it would show
		at = at.Add(time.Second)
	}
	s.Close(at)
	return got
}

// pieces cuts b into pieces of n bytes.
func pieces(b []byte, n int) [][]byte { return slices.Collect(slices.Chunk(b, n)) }

// timeless removes the times, which may depend on the chunks.
func timeless(messages []framing.Message) []framing.Message {
	for i := range messages {
		messages[i].First, messages[i].Last = time.Time{}, time.Time{}
	}
	return messages
}

var kindNames = [...]string{"", "request", "notification", "response", "error", "not-rpc", "malformed", "noise", "foreign"}

// show describes a message in a line or more.
func show(m framing.Message) string {
	s := fmt.Sprintf("%s size=%d", kindNames[m.Kind], m.Size)
	if m.Batch {
		s += " batch"
	}
	if m.ID.Type != framing.NoID {
		s += fmt.Sprintf(" id=%d:%q:%v:%x", m.ID.Type, m.ID.Text, m.ID.Truncated, m.ID.Hash)
	}
	s += fmt.Sprintf(" method=%q version=%q reason=%q dropped=%d", m.Method, m.Version, m.Reason, m.Dropped)
	if m.MethodTruncated || m.VersionTruncated {
		s += fmt.Sprintf(" truncated=%v,%v", m.MethodTruncated, m.VersionTruncated)
	}
	for _, v := range m.Values {
		s += fmt.Sprintf("\n\t%d: type=%d %q cut=%v size=%d hash=%x count=%d index=%d", v.Field, v.Type, v.Text, v.Truncated, v.Size,
			v.Hash, v.Count, v.Index)
	}
	return s
}

func showAll(messages []framing.Message) string {
	var s string
	for _, m := range messages {
		s += show(m) + "\n"
	}
	return s
}

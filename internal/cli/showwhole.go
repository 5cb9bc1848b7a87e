package cli

import (
	"fmt"
	"slices"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// This file shows one operation whole, and the sessions of one client together.

// operation prints one operation with everything that is known of it.
func (s *shown) operation(number uint64, asJSON bool) error {
	i := slices.IndexFunc(s.records.Operations, func(op record.Operation) bool { return op.Number == number })
	if i < 0 {
		last := "it has none"
		if n := len(s.records.Operations); n > 0 {
			last = fmt.Sprintf("its last is %d", s.records.Operations[n-1].Number)
		}
		return &usageError{fmt.Sprintf("session %s (%s) has no operation %d; %s", s.name(), s.server(&s.session), number, last),
			"list them: spanpipe show " + s.name() + " --all"}
	}
	w, err := s.whole(&s.records.Operations[i])
	if err != nil {
		return err
	}
	if asJSON {
		return s.wholeJSON(w)
	}
	return w.Draw(s.out, s.screen)
}

// whole adds an operation's span to its record.
func (s *shown) whole(op *record.Operation) (*view.Whole, error) {
	w := &view.Whole{Records: s.viewed(), Operation: op, Server: s.server(&s.session)}
	if keep := s.options.keep.Content; keep > 0 && !op.End.IsZero() {
		w.Expires = op.End.Add(keep)
	}
	ids, ok := s.records.Spans[op.Number]
	if !ok {
		return w, nil
	}
	w.TraceID, w.SpanID = ids.TraceID.String(), ids.SpanID.String()
	span, err := s.session.Span(ids)
	if err != nil {
		return nil, s.readError(err)
	}
	if span != nil {
		for _, a := range span.Attributes {
			w.Attributes = append(w.Attributes, view.Attribute{Key: string(a.Key), Value: a.Value.String()})
		}
	}
	return w, nil
}

// run prints all sessions of the client that had started this one.
func (s *shown) run(part store.Range, asJSON bool) error {
	sessions, err := s.ofRun()
	if err != nil {
		return err
	}
	var members []view.Member
	var records []*view.Records
	var shownAs []jsonShown
	var counts view.Counts
	unread := 0
	for i := range sessions {
		one := &shown{app: s.app, store: s.store, session: sessions[i], screen: s.screen, choice: s.choice}
		if err := one.load(part); err != nil {
			return err
		}
		r := one.viewed()
		members = append(members, view.Member{Server: s.server(&sessions[i]), Records: r})
		records = append(records, r)
		unread += one.records.Left
		counts.Add(one.counts(r))
		shownAs = append(shownAs, one.sessionJSON(r))
	}
	if asJSON {
		return s.writeJSON(jsonRun{Version: jsonVersion, Run: s.session.Run, Sessions: shownAs})
	}
	s.sentence(runHeading(&s.session, records, counts))
	if s.session.Run == "" {
		s.sentence("Which other servers its client had started is not known.")
	}
	s.printf("\n")
	run := view.NewRun(members, s.choice)
	if err := run.Draw(s.out, s.screen); err != nil {
		return err
	}
	if left := run.LeftOut + unread; left > 0 {
		s.printf("\n")
		s.sentence(s.leftOut(left, left+len(run.Rows), run.Trouble))
	}
	return s.below(records...)
}

// ofRun returns the sessions of the same run, the oldest first.
func (s *shown) ofRun() ([]store.Session, error) {
	if s.session.Run == "" {
		return []store.Session{s.session}, nil
	}
	all, err := s.store.Sessions()
	if err != nil {
		return nil, s.storeError(s.store, err)
	}
	all = slices.DeleteFunc(all, func(other store.Session) bool { return other.Run != s.session.Run })
	slices.Reverse(all)
	return all, nil
}

// runHeading says what the client is, how long it has run, and what all of its servers add up to.
func runHeading(session *store.Session, records []*view.Records, all view.Counts) string {
	begin, end, live := records[0].Begin(), records[0].End(), false
	for _, r := range records {
		live = live || r.State == view.Live
		if r.Begin().Before(begin) {
			begin = r.Begin()
		}
		if r.End().After(end) {
			end = r.End()
		}
	}
	client := peer(session.Client)
	if client == "" {
		client = "a client without a name"
	}
	state := "for "
	if live {
		state = "live for "
	}
	return fmt.Sprintf("%s, %s%s: %s, %s", client, state, view.Duration(end.Sub(begin)), view.Plural(len(records), "server"), all)
}

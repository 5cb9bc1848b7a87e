package top

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
)

// strip counts the calls of a session over time, and what else has failed. It has at most stripSlots slots of equal
// width, which doubles when the session outgrows them, so that a session of any length takes little memory.
type strip struct {
	from  time.Time
	slot  time.Duration
	slots []slot
	hangs []view.Interval
}

type slot struct{ calls, bad uint32 }

const (
	stripSlots = 512
	firstSlot  = 250 * time.Millisecond
	mostHangs  = 64 // a strip has room for few
)

// add counts a call, or another request that failed, that started at a time.
func (s *strip) add(at time.Time, bad bool) {
	if s.slot == 0 {
		s.slot = firstSlot
	}
	n := int(max(at.Sub(s.from), 0) / s.slot)
	for n >= stripSlots {
		s.double()
		n /= 2
	}
	for len(s.slots) <= n {
		s.slots = append(s.slots, slot{})
	}
	s.slots[n].calls++
	if bad {
		s.slots[n].bad++
	}
}

// double makes each slot twice as wide.
func (s *strip) double() {
	for i := range s.slots {
		if i%2 == 0 {
			s.slots[i/2] = s.slots[i]
		} else {
			s.slots[i/2].calls += s.slots[i].calls
			s.slots[i/2].bad += s.slots[i].bad
		}
	}
	s.slots, s.slot = s.slots[:(len(s.slots)+1)/2], 2*s.slot
}

// hang adds a time in which a call hung.
func (s *strip) hang(from, to time.Time) {
	if len(s.hangs) < mostHangs {
		s.hangs = append(s.hangs, view.Interval{From: from, To: to})
	}
}

// sum adds up the slots that begin in a time.
func (s *strip) sum(from, to time.Time) (sum slot) {
	if s.slot == 0 {
		return sum
	}
	first := int((from.Sub(s.from) + s.slot - 1) / s.slot)
	last := int((to.Sub(s.from) + s.slot - 1) / s.slot)
	for i := max(first, 0); i < min(last, len(s.slots)); i++ {
		sum.calls += s.slots[i].calls
		sum.bad += s.slots[i].bad
	}
	return sum
}

func overlaps(all []view.Interval, from, to time.Time) bool {
	for _, i := range all {
		if i.From.Before(to) && i.To.After(from) {
			return true
		}
	}
	return false
}

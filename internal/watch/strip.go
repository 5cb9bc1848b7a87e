package watch

import (
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
)

// Strip counts the calls of a session over time, and what else has failed. It has at most stripSlots slots of equal
// width, which doubles when the session outgrows them, so that a session of any length takes little memory.
type Strip struct {
	From  time.Time
	Width time.Duration
	slots []Slot
	Hangs []view.Interval
}

// Slot counts what started in a piece of time: calls, and what has failed.
type Slot struct{ Calls, Bad uint32 }

const (
	stripSlots = 512
	firstSlot  = 250 * time.Millisecond
	mostHangs  = 64 // a strip has room for few
)

// add counts a call, or another request that failed, that started at a time.
func (s *Strip) add(at time.Time, bad bool) {
	if s.Width == 0 {
		s.Width = firstSlot
	}
	n := int(max(at.Sub(s.From), 0) / s.Width)
	for n >= stripSlots {
		s.double()
		n /= 2
	}
	for len(s.slots) <= n {
		s.slots = append(s.slots, Slot{})
	}
	s.slots[n].Calls++
	if bad {
		s.slots[n].Bad++
	}
}

// double makes each slot twice as wide.
func (s *Strip) double() {
	for i := range s.slots {
		if i%2 == 0 {
			s.slots[i/2] = s.slots[i]
		} else {
			s.slots[i/2].Calls += s.slots[i].Calls
			s.slots[i/2].Bad += s.slots[i].Bad
		}
	}
	s.slots, s.Width = s.slots[:(len(s.slots)+1)/2], 2*s.Width
}

// hang adds a time in which a call hung.
func (s *Strip) hang(from, to time.Time) {
	if len(s.Hangs) < mostHangs {
		s.Hangs = append(s.Hangs, view.Interval{From: from, To: to})
	}
}

// Slots returns at most so many slots for so long a time, and how wide each is. There may be fewer: what is behind them is empty.
func (s *Strip) Slots(most int, long time.Duration) (width time.Duration, slots []Slot) {
	if s.Width == 0 {
		return firstSlot, nil
	}
	each := 1
	for width = s.Width; long/width >= time.Duration(most) || len(s.slots) > most*each; width *= 2 {
		each *= 2
	}
	slots = make([]Slot, (len(s.slots)+each-1)/each)
	for i, one := range s.slots {
		slots[i/each].Calls += one.Calls
		slots[i/each].Bad += one.Bad
	}
	return width, slots
}

// Sum adds up the slots that begin in a time.
func (s *Strip) Sum(from, to time.Time) (sum Slot) {
	if s.Width == 0 {
		return sum
	}
	first := int((from.Sub(s.From) + s.Width - 1) / s.Width)
	last := int((to.Sub(s.From) + s.Width - 1) / s.Width)
	for i := max(first, 0); i < min(last, len(s.slots)); i++ {
		sum.Calls += s.slots[i].Calls
		sum.Bad += s.slots[i].Bad
	}
	return sum
}

// Overlaps reports whether any of the intervals has a part in a time.
func Overlaps(all []view.Interval, from, to time.Time) bool {
	for _, i := range all {
		if i.From.Before(to) && i.To.After(from) {
			return true
		}
	}
	return false
}

package top_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/top"
	"github.com/spanpipe/spanpipe/internal/watch"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// TestMonkey presses keys at random while sessions come, end and are removed: each screen has its size.
func TestMonkey(t *testing.T) {
	pressed := []string{
		"1", "2", "3", "tab", "shift+tab", "up", "down", "j", "k", "g", "G", "pgup", "pgdown", "enter", "enter", "esc", "esc", "/", "f",
		"n", "N", "s", "S", "space", "y", "!", "b", "+", "-", "0", "h", "l", "[", "]", "a", "v", "u", "c", "?", "backspace", "ctrl+u",
		"\u202e", ">", "5", "m", "s", ":", "*",
	}
	for seed := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, 1))
		m := top.New(top.Config{Now: start, HangAfter: 30 * time.Second})
		at := start
		var numbers [8]uint64
		m.Take(watch.Listing{live("s0", "github", "a", start), live("s1", "postgres", "a", start)})
		for range 600 {
			at = at.Add(time.Duration(random.IntN(8000)) * time.Millisecond)
			m.Tick(at)
			n := random.IntN(8)
			name := fmt.Sprint("s", n)
			switch random.IntN(12) {
			case 0:
				s := live(name, "serv\u0435r"+name, fmt.Sprint("r", n/3), start)
				switch random.IntN(4) {
				case 0:
					s.State, s.Written = store.Killed, at
				case 1:
					s.State, s.Ended, s.Exit = store.Ended, at, &store.Exit{EndedBy: record.ByServer, Cause: record.ServerEnded, Code: 127}
				case 2:
					s.State, s.Written = store.Unknown, at
				}
				m.Take(watch.Changed(s))
			case 1:
				m.Take(watch.Gone(name))
			case 2, 3:
				numbers[n]++
				m.Take(hanging(name, numbers[n], "tool", at))
			case 4:
				numbers[n]++
				m.Take(failed(name, numbers[n], "tool", at))
			case 5:
				m.Resize(top.Size{Width: 50 + random.IntN(150), Height: 10 + random.IntN(40)})
			case 6:
				for _, w := range m.Wants() {
					switch w.Kind {
					case watch.WantDetail:
						m.Take(watch.Detail{Session: w.Session, Records: &store.Records{}})
					case watch.WantOperations:
						m.Take(watch.History{Session: w.Session})
					case watch.WantHistory:
						s, _ := m.Session(w.Session)
						m.Take(watch.NewHistory(&s))
					case watch.WantTally:
						m.Take(watch.NewTally())
					}
				}
			default:
				m.Key(pressed[random.IntN(len(pressed))])
			}
			m.Lines()
		}
	}
}

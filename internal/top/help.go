package top

import "strings"

// helpPane explains keys, filter and marks.
type helpPane struct {
	top int
}

func (p *helpPane) rows() *list                  { return nil }
func (p *helpPane) hints() []string              { return []string{"? or esc closes", "↓ more"} }
func (p *helpPane) update(*world, *Filter, bool) {}
func (p *helpPane) command() string              { return "spanpipe help top" }

func (p *helpPane) key(_ *world, key string) action {
	switch key {
	case "down", "j":
		p.top++
	case "up", "k":
		p.top = max(p.top-1, 0)
	default:
		return action{}
	}
	return action{known: true}
}

const helpText = `Everywhere                              A session
  1 2 3 tab  Sessions Tools Live          h l     earlier, later
  ↑ ↓ j k    move                         + - 0   zoom in, out; all
  g G        first, last                  f       fold quiet time
  ⏎          open                         b       by time, by server
  esc        back; clear the filter     A call
  / n N      filter; next, previous       [ ]     previous, next call
             that is not ok               a       all attributes
  s S        sort by the next column    Tools
             turn the order               v       tool, server, client
  space      pause, follow                u       never called
  y          copy the shell command     Live
  ! q        what needs a look; quit      c       clear

Filter: words that all must match
  server:github  client:claude-code  tool:search_*  method:resources/read
  status:failed  hung  late  timed-out  cancelled  bad-request  ok  live
  >500ms  <2s  >1MB   -server:github (not)   any other word: in names
  Of a row that sums up, the p95 and the bytes count.

Marks: ━ waiting  ─ transfer  · short  ━× failed  × bad request  ━┤ cancelled
       or timed out  ◇ answered late  ░ a person  ▶ open, hung  ┊ quiet, folded`

func (p *helpPane) draw(_ *world, room Size) []Line {
	all := strings.Split(helpText, "\n")
	p.top = max(min(p.top, len(all)-room.Height), 0)
	var lines []Line
	for _, l := range all[p.top:min(p.top+room.Height, len(all))] {
		lines = append(lines, text(Plain, " "+l))
	}
	return lines
}

package top

import (
	"strings"

	"github.com/spanpipe/spanpipe/internal/watch"
)

// helpPane explains keys, filter and marks.
type helpPane struct {
	top int
}

func (p *helpPane) rows() *list                              { return nil }
func (p *helpPane) hints() []string                          { return []string{"? or esc closes", "↓ more"} }
func (p *helpPane) update(*watch.World, *watch.Filter, bool) {}
func (p *helpPane) command() string                          { return "spanpipe help top" }

func (p *helpPane) key(_ *watch.World, key string) action {
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
  ↑ ↓ j k    move; g G first, last        + - 0   zoom in, out; all
  ⏎ esc      open; back, clear filter     f       fold quiet time
  / n N      filter; next, previous bad   b       by time, by server
  s S        sort by the next; turn     A call
  space      pause, follow                [ ]     previous, next call
  y          copy the shell command       a       all attributes
  !          what needs a look          Tools
  ctrl-z q   suspend; quit                v       tool, server, client
Live: c clears the list                   u       never called

Filter: words that all must match
  server:github  client:claude-code  tool:search_*  method:resources/read
  status:failed  hung  late  timed-out  cancelled  bad-request  ok  live
  >500ms  <2s  >1MB (of a row that sums up: its p95, its bytes)
  -server:github (not)   any other word: in names

Marks: ━ waiting  ─ transfer  · short  ━× failed  × bad request  ┤ cancelled,
       timed out  ◇ late  ░ a person  ▶ open, hung  ╴ unanswered  ┊ quiet time`

func (p *helpPane) draw(_ *watch.World, room Size) []Line {
	all := strings.Split(helpText, "\n")
	p.top = max(min(p.top, len(all)-room.Height), 0)
	var lines []Line
	for _, l := range all[p.top:min(p.top+room.Height, len(all))] {
		lines = append(lines, text(Plain, " "+l))
	}
	return lines
}

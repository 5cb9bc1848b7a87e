package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/api"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// points writes how a cost has changed: days ago, and what is said.
func points(p *page, c *api.Context, all []api.HistoryPoint) string {
	p.Helper()
	words := make([]string, len(all))
	for i, one := range all {
		if days := c.Now.Sub(one.At).Round(day) / day; one.Tokens == 0 || strings.HasPrefix(one.Text, fmt.Sprintf("≈%d tokens", one.Tokens)) {
			words[i] = fmt.Sprintf("%dd %s", days, one.Text)
		} else {
			p.Errorf("of %d tokens it says %q", one.Tokens, one.Text)
		}
	}
	return strings.Join(words, "; ")
}

// TestContextHistory: the cost of each definition is there with when it changed, also where that of all together stays the same.
func TestContextHistory(t *testing.T) {
	fill := func(t *testing.T, dir string) {
		add := func(ago int, instructions int64, all ...record.Definition) {
			tell(t, dir, talk{server: "s", client: "c", run: fmt.Sprint("r", ago), ago: day * time.Duration(ago), instructions: instructions, pages: [][]record.Definition{all}})
		}
		add(25, 0, tool("a", 100), tool("b", 200))
		add(20, 0, tool("a", 150), tool("b", 150))
		add(15, 0, tool("a", 150), tool("b", 150))
		add(10, 400, tool("a", 150), tool("late", 70))
		add(5, 400, tool("a", 150), tool("b", 160), tool("late", 70))
		tell(t, dir, talk{server: "s", client: "other", run: "o", ago: 4 * day, pages: [][]record.Definition{{tool("a", 999)}}})
		add(1, 400, tool("a", 120), tool("b", 160), tool("late", 70))
	}
	inContext(t, fill, func(p *page) {
		c := replied[api.Context](p, p.server.Context, "client=c&since=1h")
		got := []string{points(p, c, c.Servers[0].History)}
		for _, d := range c.Servers[0].Definitions {
			got = append(got, d.Name+": "+points(p, c, d.History))
			whole := replied[api.Definition](p, p.server.Definition, "client=c&since=1h", "key", d.Key)
			if !slices.Equal(whole.History, d.History) {
				p.Errorf("in the panel: %s", points(p, c, whole.History))
			}
		}
		want := []string{
			"25d ≈300 tokens; 10d ≈320 tokens, +20; 5d ≈480 tokens, +160; 1d ≈450 tokens, −30",
			"b: 25d ≈200 tokens; 20d ≈150 tokens, −50; 10d not listed; 5d ≈160 tokens",
			"a: 25d ≈100 tokens; 20d ≈150 tokens, +50; 1d ≈120 tokens, −30",
			"instructions: 10d ≈100 tokens",
			"late: 10d ≈70 tokens",
		}
		if !slices.Equal(got, want) {
			p.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestContextHistoryBounds: of a definition that changes all the time, the latest are there, and more of them in its panel. A tool
// that a list of thousands has no room for is not taken for one that is gone.
func TestContextHistoryBounds(t *testing.T) {
	fill := func(t *testing.T, dir string) {
		for i := range web.MostListings + 20 {
			tell(t, dir, talk{server: "s", client: "c", run: fmt.Sprint("r", i), ago: day - time.Duration(i)*time.Minute, pages: [][]record.Definition{{tool("a", int64(100+i))}}})
		}
	}
	inContext(t, fill, func(p *page) {
		c := replied[api.Context](p, p.server.Context, "")
		d := c.Servers[0].Definitions[0]
		whole := replied[api.Definition](p, p.server.Definition, "", "key", d.Key).History
		last := int64(100 + web.MostListings + 19)
		if len(d.History) != web.MostPoints || len(whole) != web.MostListings || len(c.Servers[0].History) != web.MostListings ||
			d.History[len(d.History)-1].Tokens != last || whole[len(whole)-1].Tokens != last {
			p.Errorf("%d points, %d in the panel, %d of the server", len(d.History), len(whole), len(c.Servers[0].History))
		}
	})
	if got := web.TokensOf("a", [][]record.Definition{{tool("a", 5)}, {tool("b", 5)}, {tool("a", 6)}}, 9); !slices.Equal(got, []int64{5, 6}) {
		t.Errorf("of lists that are not whole, the costs are %d", got)
	}
}

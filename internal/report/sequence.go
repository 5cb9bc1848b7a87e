package report

import (
	"cmp"
	"slices"
	"strings"
)

// follow counts what was called in a row in the session, in the order of the requests. A tool that is called again and again
// is left out: it would be the most frequent of all, and shows nothing that its count does not.
func (c *collection) follow(server string) {
	byNumber := func(a, b step) int { return cmp.Compare(a.number, b.number) }
	if !slices.IsSortedFunc(c.row, byNumber) { // calls that overlap do not end in the order in which they began
		slices.SortFunc(c.row, byNumber)
	}
	for i := 1; i < len(c.row); i++ {
		before, tool := c.row[i-1].tool, c.row[i].tool
		if before != tool {
			c.chains[chain{server, [3]string{before, tool}}]++
		}
		if i > 1 && (before != tool || c.row[i-2].tool != tool) {
			c.chains[chain{server, [3]string{c.row[i-2].tool, before, tool}}]++
		}
	}
}

// Bounds of the list of sequences: what happened twice may be chance, and a tail of rare ones helps no reader.
const (
	leastOften    = 3
	mostSequences = 20
)

// sequences returns the most frequent sequences, of three tools and of two. One of two tools that is for the most part the
// beginning or the end of one of three is left out.
func (c *collection) sequences() []Sequence {
	all := []Sequence{}
	within := map[chain]int{} // of two tools: the count of the most frequent sequence that holds them
	for s, n := range c.chains {
		if s.tools[2] == "" {
			continue
		}
		for _, two := range []chain{{s.server, [3]string{s.tools[0], s.tools[1]}}, {s.server, [3]string{s.tools[1], s.tools[2]}}} {
			within[two] = max(within[two], n)
		}
	}
	for s, n := range c.chains {
		if n >= leastOften && 2*within[s] <= n {
			tools := s.tools[:]
			if s.tools[2] == "" {
				tools = s.tools[:2]
			}
			all = append(all, Sequence{s.server, slices.Clone(tools), n})
		}
	}
	slices.SortFunc(all, func(a, b Sequence) int {
		return cmp.Or(
			cmp.Compare(b.Count, a.Count), cmp.Compare(a.Server, b.Server),
			strings.Compare(strings.Join(a.Tools, "\x00"), strings.Join(b.Tools, "\x00")),
		)
	})
	return all[:min(len(all), mostSequences)]
}

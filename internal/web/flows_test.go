package web_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/api"
)

// TestFlows: what was called before and after each tool, and usual sequences, are what a naive look at each run finds.
func TestFlows(t *testing.T) {
	dir := week(t)
	runs := map[string][]plainCall{}
	for _, c := range plainCalls(t, dir) {
		runs[c.run] = append(runs[c.run], c)
	}
	before, after, chains := map[string]map[string]int{}, map[string]map[string]int{}, map[string]int{}
	count := func(all map[string]map[string]int, of, other string) {
		if all[of] == nil {
			all[of] = map[string]int{}
		}
		all[of][other]++
	}
	for _, calls := range runs {
		for i, c := range calls {
			if i == 0 {
				count(before, c.Target, "start of a run")
			} else {
				count(before, c.Target, calls[i-1].Target)
			}
			if i == len(calls)-1 {
				count(after, c.Target, "end of a run")
			} else {
				count(after, c.Target, calls[i+1].Target)
			}
			if i > 1 && (c.Target != calls[i-1].Target || c.Target != calls[i-2].Target) && c.Start.Sub(calls[i-1].End) <= time.Minute && calls[i-1].Start.Sub(calls[i-2].End) <= time.Minute {
				chains[calls[i-2].Target+" "+calls[i-1].Target+" "+c.Target]++
			}
		}
	}
	f := figured(t, dir, "", "tool")
	for i := range f.Rows() {
		row := &f.Rows()[i]
		gotBefore, gotAfter := f.Flows(row.Target())
		for side, got := range map[*map[string]map[string]int][]api.Flow{&before: gotBefore, &after: gotAfter} {
			want, all, shown := (*side)[row.Tool], 0, 0
			for _, n := range want {
				all += n
			}
			for j, flow := range got {
				shown += flow.Count
				if n, known := want[flow.Name]; known && n != flow.Count || !known && !strings.HasSuffix(flow.Name, " others") {
					t.Errorf("%s: %+v, want %v", row.Tool, flow, want)
				}
				if j > 0 && flow.Count > got[j-1].Count && !strings.HasSuffix(flow.Name, " others") {
					t.Errorf("%s: %+v are not in order", row.Tool, got)
				}
			}
			if shown != all || len(got) > web.MostFlows {
				t.Errorf("%s: flows of %d calls in %d, want %d", row.Tool, shown, len(got), all)
			}
		}
	}
	counts := slices.Sorted(maps.Values(chains))
	if len(f.Sequences()) != web.MostSequences || f.Sequences()[0].Count != counts[len(counts)-1] {
		t.Errorf("%+v, the most frequent is %d times", f.Sequences(), counts[len(counts)-1])
	}
	for _, s := range f.Sequences() {
		if n := chains[strings.Join(s.Tools, " ")]; n != s.Count {
			t.Errorf("%v %d times, want %d", s.Tools, s.Count, n)
		}
	}
}

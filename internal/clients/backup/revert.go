package backup

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// hunk is a difference between two texts: lines of the first, and what stands there in the second.
type hunk struct {
	from, to int // lines of the first text, from 0; none if they are equal
	lines    []string
}

// growth is by how many lines the second text is longer there.
func (h hunk) growth() int { return len(h.lines) - (h.to - h.from) }

// hunks returns how two texts differ, in order.
func hunks(a, b []byte) (all []hunk) {
	text := diff.Diff("a", a, "b", b)
	at, open := 0, false // the line of a; the last hunk goes on
	header := true
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "@@"):
			var count int
			_, _ = fmt.Sscanf(line, "@@ -%d,%d", &at, &count)
			if count > 0 {
				at-- // lines are counted from 1, except where there are none
			}
			header, open = false, false
		case header: // the names of the texts
		case line[0] == '\\': // the line before ends without a line break
			if h := last(all); h != nil && len(h.lines) > 0 && open {
				h.lines[len(h.lines)-1] = strings.TrimSuffix(h.lines[len(h.lines)-1], "\n")
			}
		case line[0] == ' ':
			at, open = at+1, false
		default:
			if !open {
				all, open = append(all, hunk{from: at, to: at}), true
			}
			if h := last(all); line[0] == '-' {
				at, h.to = at+1, h.to+1
			} else {
				h.lines = append(h.lines, line[1:])
			}
		}
	}
	lines := slices.Collect(strings.Lines(string(a)))
	var split []hunk
	for _, h := range all {
		split = append(split, h.split(lines[h.from:h.to])...)
	}
	return split
}

// mostCompared bounds the table that split makes: lines times lines.
const mostCompared = 1 << 20

// split returns the parts of a hunk that differ. The library finds only such equal lines as stand once in both texts, or beside such: a
// hunk of its may contain whole lines of JSON that nothing has changed.
func (h hunk) split(old []string) (parts []hunk) {
	if len(old)*len(h.lines) > mostCompared {
		return []hunk{h}
	}
	common := make([][]int, len(old)+1) // how many lines old[i:] and h.lines[j:] have in common, at most
	for i := len(old); i >= 0; i-- {
		common[i] = make([]int, len(h.lines)+1)
		for j := len(h.lines) - 1; j >= 0 && i < len(old); j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); old[i] == h.lines[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	open := false
	for i, j := 0, 0; i < len(old) || j < len(h.lines); {
		if i < len(old) && j < len(h.lines) && old[i] == h.lines[j] {
			i, j, open = i+1, j+1, false
			continue
		}
		if !open {
			parts, open = append(parts, hunk{from: h.from + i, to: h.from + i}), true
		}
		if part := last(parts); j == len(h.lines) || i < len(old) && common[i+1][j] >= common[i][j+1] {
			i, part.to = i+1, part.to+1
		} else {
			part.lines, j = append(part.lines, h.lines[j]), j+1
		}
	}
	return parts
}

func last(all []hunk) *hunk {
	if len(all) == 0 {
		return nil
	}
	return &all[len(all)-1]
}

// revert takes back what spanpipe has changed in a text, line by line: before is what the text was, left what spanpipe has made
// of it, and now what has since been made of that. Where now differs from left in the same lines, they stay as they are. Only
// changes of the lines of left that are meant are taken back.
func revert(before, left, now []byte, meant func(from, to int) bool) []byte {
	lines, theirs := slices.Collect(strings.Lines(string(now))), hunks(left, now)
	for _, ours := range slices.Backward(hunks(left, before)) {
		shift, conflict := 0, false
		for _, t := range theirs {
			conflict = conflict || t.from < ours.to && ours.from < t.to || t.from == ours.from && t.to == ours.to
			if t.to <= ours.from {
				shift += t.growth()
			}
		}
		if !conflict && meant(ours.from, ours.to) {
			lines = slices.Replace(lines, ours.from+shift, ours.to+shift, ours.lines...)
		}
	}
	return []byte(strings.Join(lines, ""))
}

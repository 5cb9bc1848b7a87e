package edit_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// randomYAML writes files with everything that the format allows.
type randomYAML struct {
	*rand.Rand
	nl   string
	id   int
	odds int    // how often anchors, aliases and tags are written, in percent
	last string // the last anchor of a scalar
}

func (r *randomYAML) pick(choices ...string) string { return choices[r.IntN(len(choices))] }

// key returns a key that no other is equal to.
func (r *randomYAML) key() string {
	r.id++
	return fmt.Sprintf(r.pick("k%d", "%d", "-%d", "k %d", "é#%d", `"k: %d"`, "'k''%d'", `"\u00e9%d"`, "a-b.%d", "/p:%d", "😀%d"), r.id)
}

// comment returns what may stand at the end of a line, and lines behind it.
func (r *randomYAML) comment() string {
	return r.pick("", "", "", "", " # c", "\t# é: [x\t\"", " #", r.nl, r.nl+"# at the margin", r.nl+"       # - deep"+r.nl, "  ")
}

// property returns an anchor or a tag.
func (r *randomYAML) property() string {
	if r.IntN(100) >= r.odds {
		return ""
	}
	r.id++
	return r.pick(fmt.Sprintf("&a%d ", r.id), "!!str ", fmt.Sprintf("!local &b%d ", r.id), "!<tag:yaml.org,2002:str> ")
}

// scalar returns one that is written on one line.
func (r *randomYAML) scalar() string {
	if r.last != "" && r.IntN(100) < r.odds {
		return "*" + r.last + " "
	}
	property := r.property()
	if _, anchor, ok := strings.Cut(property, "&"); ok {
		r.last = strings.TrimSpace(anchor)
	}
	return property + r.pick("npx", "1", "0x1F", "-1.5e3", ".inf", "true", "no", "~", "null", "2020-01-01", "-y", "a b  c", "a#b",
		"https://x/y?z", "é ü", `"a # b: {"`, `"\"\\\u00e9\n"`, `'it''s: #'`, `''`, `""`, "a'b\"c", "C:\\x", "@"[1:]+"x@1", "--x", "<<x", "😀")
}

// flow returns a value between brackets, or a scalar.
func (r *randomYAML) flow(depth int) string {
	if depth > 2 || r.IntN(3) == 0 {
		return r.scalar()
	}
	gap := func() string {
		return r.pick("", " ", " ", "  ", r.nl+"          ", " # c, ]"+r.nl+"          ", "\t")
	}
	var out strings.Builder
	n := r.IntN(4)
	list := r.IntN(2) == 0
	out.WriteString(map[bool]string{true: "[", false: "{"}[list] + gap())
	for i := range n {
		switch {
		case list && r.IntN(8) == 0:
			out.WriteString(r.key() + ": " + r.scalar())
		case list:
			out.WriteString(r.flow(depth + 1))
		case r.IntN(8) == 0:
			out.WriteString(r.key() + r.pick("", ":"))
		default:
			out.WriteString(r.pick("", "", "", "? ") + r.key() + r.pick("", " ") + ":" + r.pick(" ", "  ", r.nl+"          ") + r.flow(depth+1))
		}
		out.WriteString(gap())
		if i < n-1 || r.IntN(3) == 0 {
			out.WriteString("," + gap())
		}
	}
	return out.String() + map[bool]string{true: "]", false: "}"}[list]
}

// text returns a text of several lines in a block of some indentation.
func (r *randomYAML) text(indent string) string {
	in := r.nl + indent + "  "
	return r.pick(
		"a"+in+"b: c"[:1]+r.nl+in+"d", `"a`+in+`b\`+in+` #c"`, "'a"+in+r.nl+in+"b'",
		r.pick("|", ">", "|-", ">-", "|+", ">+")+r.pick("", " # c")+in+"a: b # x"+r.nl+in+"  c"+in+"- d"+r.pick("", r.nl, r.nl+r.nl+" "),
		"|2"+in+"  a"+in+"b", "|-1"+in+" a", ">"+r.nl+in+"é", "|", "|+"+r.nl+r.nl)
}

// value returns what stands behind the ":" of a key or the "-" of a list.
func (r *randomYAML) value(indent string, depth int, inList bool) string {
	switch kind := r.IntN(10); {
	case kind < 4 || depth > 3:
		return " " + r.scalar() + r.comment() + r.nl
	case kind < 5:
		return r.comment() + r.nl
	case kind < 6:
		return " " + r.flow(0) + r.comment() + r.nl
	case kind < 7:
		return " " + r.text(indent) + r.nl
	case kind < 8:
		if inList && r.IntN(2) == 0 {
			below := indent + "  "
			return " " + strings.TrimPrefix(r.list(below, depth+1), below)
		}
		extra := r.pick("", " ", "  ")
		if inList {
			extra += " "
		}
		return r.below(r.list(indent+extra, depth+1))
	default:
		if inList && r.IntN(3) > 0 {
			gap := r.pick(" ", "   ")
			below := indent + " " + gap
			return gap + strings.TrimPrefix(r.block(below, depth+1), below)
		}
		return r.below(r.block(indent+r.pick(" ", "  ", "    "), depth+1))
	}
}

// below puts a block on the next line.
func (r *randomYAML) below(block string) string {
	if p := r.property(); p != "" && !strings.Contains(p, "str") {
		return " " + strings.TrimSuffix(p, " ") + r.nl + block
	}
	return r.pick("", " # c", " # c"+r.nl+"    # d") + r.nl + block
}

// block returns a map, at least one member.
func (r *randomYAML) block(indent string, depth int) string {
	var out strings.Builder
	if r.last != "" && r.IntN(100) < r.odds {
		out.WriteString(indent + "<<: *" + r.last + r.nl)
	}
	for range 1 + r.IntN(4) {
		out.WriteString(indent + r.pick("", "", "", "", "? "))
		if strings.HasSuffix(out.String(), "? ") {
			out.WriteString(r.key() + r.nl + indent + ":" + r.value(indent, depth, false))
		} else {
			out.WriteString(r.key() + r.pick("", " ") + ":" + r.value(indent, depth, false))
		}
	}
	return out.String()
}

// list returns a list, at least one item.
func (r *randomYAML) list(indent string, depth int) string {
	var out strings.Builder
	for range 1 + r.IntN(3) {
		out.WriteString(indent + "-" + r.value(indent, depth, true))
	}
	return out.String()
}

func (r *randomYAML) file() []byte {
	text := r.pick("", "", "\ufeff") + r.pick("", "# head"+r.nl, "---"+r.nl, "--- # c"+r.nl) + r.block(r.pick("", "", "", " "), 0)
	return []byte(text + r.pick("", "", "..."+r.nl, "# end"))
}

func TestYAMLRandom(t *testing.T) {
	made := 0
	for seed := range uint64(150) {
		random := rand.New(rand.NewPCG(seed, 0))
		r := &randomYAML{Rand: random, nl: "\n", odds: int(seed%4) * 2}
		if seed%3 == 0 {
			r.nl = "\r\n"
		}
		text := r.file()
		if _, err := edit.Parse(edit.YAML, text); err != nil {
			t.Fatalf("seed %d: %v in:\n%s", seed, err, text)
		}
		made += checkEdits(t, edit.YAML, text, random, 100)
	}
	if made < 1000 {
		t.Errorf("%d edits were made", made)
	}
}

func FuzzYAML(f *testing.F) {
	for seed := range uint64(20) {
		f.Add((&randomYAML{Rand: rand.New(rand.NewPCG(seed, 1)), nl: "\n", odds: 2}).file(), seed)
	}
	f.Add([]byte(goose), uint64(1))
	f.Add([]byte(continued), uint64(2))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		if len(text) < 4096 {
			checkEdits(t, edit.YAML, text, rand.New(rand.NewPCG(seed, 0)), 4)
		}
	})
}

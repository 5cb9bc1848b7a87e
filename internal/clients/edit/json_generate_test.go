package edit_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// jsonFile writes a file with everything that JSON with comments and trailing commas allows: tidy, as editors and programs do, or
// with white space and comments everywhere.
type jsonFile struct {
	*rand.Rand
	strings.Builder
	eol      string
	unit     string
	colon    string
	comments int // so many so far
	chaos    bool
	plain    bool // no comments and trailing commas
	oneLine  bool // as a whole
}

func generateJSON(r *rand.Rand) []byte {
	w := &jsonFile{
		Rand: r, eol: pick(r, "\n", "\n", "\r\n", ""), unit: pick(r, "  ", "    ", "\t", ""), colon: pick(r, ": ", ": ", ":", " : "),
		chaos: r.IntN(4) == 0, plain: r.IntN(3) == 0, oneLine: r.IntN(8) == 0,
	}
	if r.IntN(6) == 0 {
		w.WriteString("\ufeff")
	}
	w.extra(0)
	w.value(0, "{")
	w.extra(0)
	if r.IntN(2) == 0 {
		w.WriteString(w.end())
	} else if !w.plain && r.IntN(3) == 0 {
		w.WriteString(" // " + w.comment())
	}
	return []byte(w.String())
}

func pick[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

// end returns a line end; some files have both kinds.
func (w *jsonFile) end() string {
	if w.eol == "" {
		return pick(w.Rand, "\n", "\r\n")
	}
	return w.eol
}

func (w *jsonFile) comment() string {
	w.comments++
	return fmt.Sprintf("c%dc%s", w.comments, pick(w.Rand, "", " \"x\": {", " },]", " é 😀", " // /*", "\t"))
}

// extra writes white space and comments where chaos has them.
func (w *jsonFile) extra(depth int) {
	for w.chaos && w.IntN(3) == 0 {
		switch choice := w.IntN(5); {
		case choice == 0 && !w.oneLine:
			w.WriteString(w.end() + strings.Repeat(w.unit, depth))
		case choice == 1 && !w.plain:
			w.WriteString("/* " + w.comment() + " */")
		case choice == 2 && !w.plain && !w.oneLine:
			w.WriteString("// " + w.comment() + w.end())
		case choice == 3 && !w.plain && !w.oneLine:
			w.WriteString("/*" + w.end() + w.comment() + w.end() + " */")
		default:
			w.WriteString(pick(w.Rand, " ", "\t", "  "))
		}
	}
}

func (w *jsonFile) value(depth int, kind string) {
	w.extra(depth)
	switch {
	case kind == "{":
		names := w.names(depth)
		w.elements(depth, "{}", len(names), func(i int) {
			w.WriteString(w.quote(names[i]))
			w.extra(depth)
			w.WriteString(w.colon)
			w.value(depth+1, map[string]string{"command": "s", "args": "[", "env": "{"}[names[i]])
		})
	case kind == "[":
		w.elements(depth, "[]", w.IntN(4), func(int) { w.value(depth+1, pick(w.Rand, "s", "s", "s", "")) })
	case kind == "s":
		w.WriteString(w.quote(pick(w.Rand, "npx", "-y", "", "${input:x}", `C:\x "y"`, "é😀", "a\tb")))
	case depth < 5 && w.IntN(2) == 0:
		w.value(depth, pick(w.Rand, "{", "{", "["))
	default:
		w.WriteString(pick(w.Rand, "true", "false", "null", "0", "-1.50e+10", "123456789012345678901234567890", `"\ud83d"`, `"\u0000"`, `"x"`))
	}
	w.extra(depth)
}

func (w *jsonFile) names(depth int) []string {
	all := []string{"command", "args", "env", "type", "amp.mcpServers", "", "é", "a b", `q"\`, "0", "url"}
	if depth == 0 {
		all = []string{"mcpServers", "servers", "amp.mcpServers", "$schema", "0"}
	}
	w.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:w.IntN(len(all)/2+1)]
}

// quote writes a text, at times with escapes that it does not need.
func (w *jsonFile) quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ' || r < 0xffff && w.IntN(20) == 0:
			fmt.Fprintf(&b, `\u%04x`, r)
		case r > 0xffff && w.IntN(2) == 0:
			b.WriteString(`\uD83D\uDE00`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// elements writes a list or a map, with lines for its elements or on one line.
func (w *jsonFile) elements(depth int, brackets string, n int, element func(i int)) {
	lines := !w.oneLine && (depth == 0 || w.IntN(3) > 0)
	pad := pick(w.Rand, "", "", " ")
	space := pick(w.Rand, " ", " ", "")
	commented := func(chance int) bool { return !w.plain && w.IntN(chance) == 0 }
	lead := func(depth int) string { return w.end() + strings.Repeat(w.unit, depth) }
	w.WriteString(brackets[:1])
	if commented(8) {
		w.WriteString(pick(w.Rand, " ", "") + "/* " + w.comment() + " */")
		if lines && w.IntN(2) == 0 {
			w.WriteString(" // " + w.comment() + lead(depth))
		}
	}
	for i := range n {
		switch {
		case lines:
			for commented(5) {
				w.WriteString(lead(depth+1) + "// " + w.comment())
			}
			w.WriteString(lead(depth + 1))
		case i > 0:
			w.WriteString(space)
		default:
			w.WriteString(pad)
		}
		element(i)
		if commented(10) {
			w.WriteString(" /* " + w.comment() + " */ ")
		}
		if i < n-1 || !w.plain && w.IntN(4) == 0 {
			w.WriteString(",")
		}
		if commented(10) {
			w.WriteString(" /* " + w.comment() + " */")
		}
		if lines && commented(5) {
			w.WriteString(" // " + w.comment())
			if i == n-1 {
				w.WriteString(w.end())
			}
		}
	}
	switch {
	case lines && (n > 0 || w.IntN(3) == 0):
		w.WriteString(lead(depth))
	case !lines:
		w.WriteString(pad)
	}
	w.WriteString(brackets[1:])
}

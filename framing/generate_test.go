package framing_test

import (
	"fmt"
	"strings"
)

// generator makes a valid JSON line out of any bytes: each of them decides something.
type generator struct {
	choices []byte
	out     strings.Builder
	depth   int
}

func generate(choices []byte) []byte {
	g := &generator{choices: choices}
	switch g.choose(8) {
	case 0:
		g.array(true)
	default:
		g.object()
	}
	return []byte(g.out.String())
}

// choose returns a number below n; when the choices have run out, 0.
func (g *generator) choose(n int) int {
	if len(g.choices) == 0 {
		return 0
	}
	c := g.choices[0]
	g.choices = g.choices[1:]
	return int(c) % n
}

func (g *generator) space() {
	if s := []string{"", "", "", "", "", " ", "\t", "\r", "  \t "}[g.choose(9)]; len(g.choices) > 0 {
		g.out.WriteString(s)
	}
}

var generatedKeys = []string{"id", "method", "jsonrpc", "result", "error", "params", "name", "a", "n", "none", "é", "tools",
	"content", "text", "_meta", "io.modelcontextprotocol/clientInfo", "io.modelcontextprotocol/serverInfo", "arguments",
	"code", "message", "Params", "x", "", "io.modelcontextprotocol/protocolVersion", "nam", "names", "\x00each", "🙂"}

func (g *generator) object() {
	g.members('{', '}', func() {
		g.str(generatedKeys[g.choose(len(generatedKeys))])
		g.space()
		g.out.WriteByte(':')
		g.space()
		g.value()
	})
}

func (g *generator) array(ofObjects bool) {
	g.members('[', ']', func() {
		if ofObjects && g.choose(8) != 0 {
			g.object()
		} else {
			g.value()
		}
	})
}

func (g *generator) members(open, end byte, member func()) {
	g.depth++
	g.out.WriteByte(open)
	g.space()
	for n := 0; len(g.choices) > 0 && g.choose(6) != 0; n++ {
		if n > 0 {
			g.out.WriteByte(',')
			g.space()
		}
		member()
		g.space()
	}
	g.out.WriteByte(end)
	g.depth--
}

func (g *generator) value() {
	kind := g.choose(10)
	if g.depth > 50 {
		kind %= 5
	}
	switch kind {
	case 0:
		g.out.WriteString([]string{"true", "false", "null"}[g.choose(3)])
	case 1:
		g.out.WriteString([]string{"0", "-0", "12", "1.50", "-3e7", "1E+400", "0.0e-0", "123456789012345678901234567890"}[g.choose(8)])
	case 2, 3, 4:
		g.text()
	case 5, 6:
		g.array(false)
	default:
		g.object()
	}
}

// text writes a string of pieces that are hard to decode, or to find the end of.
func (g *generator) text() {
	g.out.WriteByte('"')
	for n := g.choose(12); n > 0; n-- {
		g.out.WriteString([]string{"a", "plain", `\"`, `\\`, `\n`, `\u00e9`, `\ud83d\ude00`, `\ud83d`, `\ude00`, `\u0000`,
			"é", "😀", "\xff", "\xe2\x82", "{[", "]}", ",:", strings.Repeat("long", 20), `\\\"`, "\u2028"}[g.choose(20)])
	}
	g.out.WriteByte('"')
}

// str writes a string with some of its characters escaped.
func (g *generator) str(s string) {
	g.out.WriteByte('"')
	for _, r := range s {
		if r < 32 || r < 0x10000 && g.choose(12) == 11 {
			fmt.Fprintf(&g.out, `\u%04x`, r)
		} else {
			g.out.WriteRune(r)
		}
	}
	g.out.WriteByte('"')
}

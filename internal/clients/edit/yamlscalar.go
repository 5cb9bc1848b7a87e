package edit

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"
)

const (
	quotedStyles = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle
	blockStyles  = yaml.LiteralStyle | yaml.FoldedStyle
)

// scalarEnd returns where a scalar ends.
func (d *yamlDoc) scalarEnd(n *yaml.Node, start, indent int) (int, error) {
	switch c := d.at(start); {
	case n.Style&yaml.SingleQuotedStyle != 0 && c == '\'':
		for i := start + 1; i < len(d.text); i++ {
			if d.text[i] != '\'' {
				continue
			}
			if d.at(i+1) != '\'' {
				return i + 1, nil
			}
			i++
		}
	case n.Style&yaml.DoubleQuotedStyle != 0 && c == '"':
		for i := start + 1; i < len(d.text); i++ {
			switch d.text[i] {
			case '\\':
				i++
			case '"':
				return i + 1, nil
			}
		}
	case n.Style&blockStyles != 0 && (c == '|' || c == '>'):
		return d.blockEnd(start, indent), nil
	case n.Style&(quotedStyles|blockStyles) == 0:
		if end := d.plainEnd(n.Value, start); end > 0 {
			return end, nil
		}
	}
	return 0, d.lost(start)
}

// plainEnd returns where a plain scalar ends, 0 if it does not stand there. Line breaks in it are folded: one is a space, of
// more the first is dropped.
func (d *yamlDoc) plainEnd(value string, offset int) int {
	for value != "" {
		blank := offset
		for c := d.at(blank); c == ' ' || c == '\t' || c == '\r' || c == '\n'; c = d.at(blank) {
			blank++
		}
		folded := string(d.text[offset:blank])
		if breaks := strings.Count(folded, "\n"); breaks > 1 {
			folded = strings.Repeat("\n", breaks-1)
		} else if breaks == 1 {
			folded = " "
		} else if blank == offset && blank < len(d.text) {
			blank++
			folded = string(d.text[offset:blank])
		}
		if folded == "" || !strings.HasPrefix(value, folded) {
			return 0
		}
		value, offset = value[len(folded):], blank
	}
	return offset
}

// blockEnd returns the end of a block scalar: of its last line, or of the empty lines behind it if they belong to it.
func (d *yamlDoc) blockEnd(start, indent int) int {
	end := d.end(start)
	header, _, _ := bytes.Cut(d.text[start:end], []byte(" "))
	content := 0
	for _, c := range header {
		if c >= '1' && c <= '9' {
			content = max(indent, 0) + int(c-'0')
		}
	}
	keep := bytes.IndexByte(header, '+') >= 0
	for line := d.index(start) + 1; line < len(d.starts); line++ {
		from := d.starts[line]
		to := d.end(from)
		if from == len(d.text) {
			break
		}
		spaces := len(d.text[from:to]) - len(bytes.TrimLeft(d.text[from:to], " "))
		empty := spaces == to-from
		if !empty && content == 0 {
			content = max(spaces, indent+1, 1)
		}
		switch {
		case empty && (content == 0 || spaces <= content):
			if keep {
				end = to
			}
		case spaces >= content:
			end = to
		default:
			return end
		}
	}
	return end
}

package edit

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// yamlPlain matches texts that no version of YAML takes for anything but a text, wherever they stand. Many more need no quotes,
// but which ones is not the same for all programs.
var yamlPlain = regexp.MustCompile(`^(\.{0,2}/|[A-Za-z_])[A-Za-z0-9_./@+=-]*$`)

// yamlPath matches texts that need no quotes outside brackets: paths of every system, too, if letters begin them.
var yamlPath = regexp.MustCompile(
	`^(\.{0,2}[/\\]|[\pL_])([\pL0-9_./@+=\\$~%()-]|:[/\\0-9A-Za-z]| [\pL0-9_./\\(-])*$`)

// plainPath is a quote for yamlString: none, where yamlPath matches.
const plainPath = ' '

// yamlWords are words that some version of YAML takes for a boolean or null.
var yamlWords = []string{"true", "false", "yes", "no", "on", "off", "y", "n", "null"}

// yamlString writes a string: between the quotes given, or plain, if the text allows.
func yamlString(text string, quote byte) string {
	plain := quote == 0 && yamlPlain.MatchString(text) || quote == plainPath && yamlPath.MatchString(text)
	switch {
	case plain && !slices.Contains(yamlWords, strings.ToLower(text)):
		return text
	case quote == '\'' && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case r == ' ' || unicode.IsPrint(r):
			out.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&out, `\U%08X`, r)
		default:
			fmt.Fprintf(&out, `\u%04X`, r)
		}
	}
	out.WriteByte('"')
	return out.String()
}

// yamlText writes a value on one line.
func yamlText(value *Node, quote byte) string {
	if value.Kind != String && quote == plainPath {
		quote = 0
	}
	name := func(text string) string { return yamlString(text, 0) }
	return flow{": ", name, func(text string) string { return yamlString(text, quote) }}.value(value)
}

package clients

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/clients/edit"
)

// Snippet returns what a person pastes to have spanpipe in front of a server, in the client's format and shape. It does not
// have the server's other variables, which may be secrets and stay as they are. Arguments are not masked.
func Snippet(c *Client, s *Server, w Wrapping) string {
	p := &Place{Format: edit.JSON, Key: edit.Path{"mcpServers"}, Shape: "standard"} // what clients without a file take
	if len(c.Places) > 0 {
		p = c.Places[0]
	}
	shape := p.shape()
	command := slices.Concat([]string{w.Program}, s.Own, []string{"--", s.Command}, s.Args)
	switch {
	case s.Command == "": // its entry cannot be read
		command = []string{w.Program, "--", "COMMAND", "ARGUMENT"}
	case s.pasted != nil:
		command = slices.Concat([]string{w.Program, "--"}, s.pasted)
	}
	var members []snippetMember
	if shape.Args == "" {
		members = append(members, snippetMember{shape.Command, list(command)})
	} else {
		members = append(members, snippetMember{shape.Command, quoted(command[0])}, snippetMember{shape.Args, list(command[1:])})
	}
	if len(w.Env) > 0 {
		members = append(members, snippetMember{shape.Env, variables(p.Format, w.Env)})
	}
	if shape.List {
		members = slices.Insert(members, 0, snippetMember{"name", quoted(s.Name)})
	}
	key := slices.DeleteFunc(slices.Clone(p.Key), func(name string) bool { return name == "*" })
	switch p.Format {
	case edit.TOML:
		return snippetTOML(key, s.Name, shape, members)
	case edit.YAML:
		return snippetYAML(key, s.Name, shape, members)
	default:
		return snippetJSON(key, s.Name, members)
	}
}

// snippetMember is a name and its value, written as JSON has it: TOML and YAML read that, too.
type snippetMember struct{ name, value string }

func snippetJSON(key edit.Path, name string, members []snippetMember) string {
	var b strings.Builder
	indent, end := "", ""
	for _, k := range slices.Concat(key, edit.Path{name}) {
		b.WriteString(indent + quoted(k) + ": {\n")
		end = indent + "}\n" + end
		indent += "  "
	}
	for i, m := range members {
		b.WriteString(indent + quoted(m.name) + ": " + m.value)
		if i < len(members)-1 {
			b.WriteString(",")
		}
		b.WriteString("\n")
	}
	return b.String() + end
}

func snippetTOML(key edit.Path, name string, shape *Shape, members []snippetMember) string {
	heading := "[" + strings.Join(key, ".") + "." + bare(name) + "]\n"
	if shape.List {
		heading = "[[" + strings.Join(key, ".") + "]]\n"
	}
	for _, m := range members {
		heading += m.name + " = " + m.value + "\n"
	}
	return heading
}

func snippetYAML(key edit.Path, name string, shape *Shape, members []snippetMember) string {
	text, lead := strings.Join(key, ".")+":\n", "    "
	if shape.List {
		lead = "  - "
	} else {
		text += "  " + bare(name) + ":\n"
	}
	for _, m := range members {
		text += lead + m.name + ": " + m.value + "\n"
		lead = "    "
	}
	return text
}

// variables returns an environment as a map on one line.
func variables(f edit.Format, vars []Var) string {
	parts := make([]string, len(vars))
	for i, v := range vars {
		switch f {
		case edit.TOML:
			parts[i] = bare(v.Name) + " = " + quoted(v.Value)
		case edit.YAML:
			parts[i] = bare(v.Name) + ": " + quoted(v.Value)
		default:
			parts[i] = quoted(v.Name) + ": " + quoted(v.Value)
		}
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func list(items []string) string {
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = quoted(item)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// bare returns a name as it is if TOML and YAML take it for one, else in quotes.
func bare(name string) string {
	special := func(r rune) bool {
		return r != '_' && r != '-' && (r|0x20 < 'a' || r|0x20 > 'z') && (r < '0' || r > '9')
	}
	if name == "" || strings.ContainsFunc(name, special) || name[0] <= '9' {
		return quoted(name)
	}
	return name
}

func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always has an encoding
	return strings.TrimSuffix(b.String(), "\n")
}

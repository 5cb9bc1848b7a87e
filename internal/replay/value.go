package replay

import (
	"bytes"
	"encoding/json"
	"strings"
)

// value is a JSON value and where it stands in its text, so that a string in it can be replaced without touching the rest.
type value struct {
	kind   byte     // one of '{', '[', '"', '0', 't' and 'n'; for the last two see text
	text   string   // the characters of a string, a number as it is written, or true, false, null
	names  []string // of an object's members, in their order
	items  []*value // the values of members, or the elements of an array
	keys   []span   // where the names stand
	at     span
	parsed *value // the value that a string holds as JSON, if that is an object or an array
}

// span is a part of a text.
type span struct{ from, to int }

// parse returns the value of a JSON text, or nil if it is no JSON.
func parse(text []byte) *value {
	if !json.Valid(text) { // which also bounds the depth
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return (&reader{d, text}).value()
}

// reader reads values from valid JSON.
type reader struct {
	*json.Decoder
	text []byte
}

// token returns the next token and where it stands.
func (r *reader) token() (json.Token, span) {
	from := int(r.InputOffset())
	token, _ := r.Token() // it is valid JSON
	for from < len(r.text) && strings.IndexByte(" \t\r\n,:", r.text[from]) >= 0 {
		from++
	}
	return token, span{from, int(r.InputOffset())}
}

func (r *reader) value() *value {
	token, at := r.token()
	v := &value{at: at}
	switch token := token.(type) {
	case json.Delim:
		v.kind = byte(token)
		for r.More() {
			if v.kind == '{' {
				name, key := r.token()
				v.names, v.keys = append(v.names, name.(string)), append(v.keys, key)
			}
			v.items = append(v.items, r.value())
		}
		_, end := r.token()
		v.at.to = end.to
	case string:
		v.kind, v.text = '"', token
		if inner := strings.TrimSpace(token); inner != "" && (inner[0] == '{' || inner[0] == '[') {
			v.parsed = parse([]byte(token))
		}
	case json.Number:
		v.kind, v.text = '0', token.String()
	case bool:
		v.kind, v.text = 't', map[bool]string{true: "true", false: "false"}[token]
	default:
		v.kind, v.text = 'n', "null"
	}
	return v
}

// member returns a member of an object, or nil if it has none, or v is no object. Of members with the same name the last counts.
func (v *value) member(path ...string) *value {
	for _, name := range path {
		if v == nil || v.kind != '{' {
			return nil
		}
		var found *value
		for i := range v.names {
			if v.names[i] == name {
				found = v.items[i]
			}
		}
		v = found
	}
	return v
}

// str returns the characters of a string, and "" for anything else.
func (v *value) str() string {
	if v == nil || v.kind != '"' {
		return ""
	}
	return v.text
}

// scalar returns an id or a progress token in a form that can be compared, which tells 1 from "1". It is "" for none.
func (v *value) scalar() string {
	switch {
	case v == nil:
		return ""
	case v.kind == '"':
		return quoted(v.text)
	case v.kind == '0':
		return canonical(v.text)
	}
	return ""
}

// plain returns the value as encoding/json decodes it, with texts that hold JSON decoded in their place.
func (v *value) plain() any {
	if v == nil {
		return nil
	}
	switch v.kind {
	case '{':
		all := make(map[string]any, len(v.items))
		for i, item := range v.items {
			all[v.names[i]] = item.plain()
		}
		return all
	case '[':
		all := make([]any, 0, len(v.items))
		for _, item := range v.items {
			all = append(all, item.plain())
		}
		return all
	case '"':
		if v.parsed != nil {
			return v.parsed.plain()
		}
		return v.text
	case '0':
		return json.Number(v.text)
	case 't':
		return v.text == "true"
	}
	return nil
}

// json returns the value as compact JSON, its members in their order.
func (v *value) json() string {
	var out strings.Builder
	v.write(&out, func(v *value) string {
		if v.kind == '"' {
			return quoted(v.text)
		}
		return v.text
	})
	return out.String()
}

// write writes the value, its scalars as a function has them.
func (v *value) write(out *strings.Builder, scalar func(*value) string) {
	if v.kind != '{' && v.kind != '[' {
		out.WriteString(scalar(v))
		return
	}
	out.WriteByte(v.kind)
	for i, item := range v.items {
		if i > 0 {
			out.WriteByte(',')
		}
		if v.kind == '{' {
			out.WriteString(quoted(v.names[i]) + ":")
		}
		item.write(out, scalar)
	}
	out.WriteByte(v.kind + 2) // in ASCII, closing brackets are two after opening ones
}

// quoted returns a text as a JSON string that people can read.
func quoted(text string) string {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string always can be
	return strings.TrimSuffix(out.String(), "\n")
}

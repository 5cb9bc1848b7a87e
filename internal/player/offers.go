package player

import (
	"bytes"
	"context"
	"encoding/json"
)

// List is one of the lists that servers have.
type List struct {
	Method     string
	Capability string // with which a server declares it
	member     string // of the result
	name       string // the member of an entry that names it
}

// The lists.
var (
	Tools     = List{"tools/list", "tools", "tools", "name"}
	Resources = List{"resources/list", "resources", "resources", "uri"}
	Templates = List{"resources/templates/list", "resources", "resourceTemplates", "uriTemplate"}
	Prompts   = List{"prompts/list", "prompts", "prompts", "name"}
)

// List returns the names of a list's entries, of all its pages.
func (s *Session) List(ctx context.Context, list List) (names []string, err error) {
	names = []string{}
	err = s.Pages(ctx, list, func(entries []json.RawMessage) error {
		for _, e := range entries {
			var members map[string]json.RawMessage
			var name string
			if json.Unmarshal(e, &members) != nil || json.Unmarshal(members[list.name], &name) != nil {
				return badAnswer(list.Method, "has an entry without %q", list.name)
			}
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// Pages passes on each page of a list, as its entries are written. It ends with the first error.
func (s *Session) Pages(ctx context.Context, list List, page func(entries []json.RawMessage) error) error {
	var cursor string
	for seen := map[string]bool{}; ; seen[cursor] = true {
		var params map[string]any
		if cursor != "" {
			params = map[string]any{"cursor": cursor}
		}
		answer, err := s.Request(ctx, list.Method, params)
		if err != nil {
			return err
		}
		var result map[string]json.RawMessage
		var entries []json.RawMessage
		if json.Unmarshal(answer, &result) != nil || json.Unmarshal(result[list.member], &entries) != nil || entries == nil {
			return badAnswer(list.Method, "has no list %q", list.member)
		}
		if err := page(entries); err != nil {
			return err
		}
		cursor = ""
		_ = json.Unmarshal(result["nextCursor"], &cursor) // the last page has none
		if cursor == "" {
			return nil
		}
		if seen[cursor] {
			return badAnswer(list.Method, "has a cursor that leads back to a page before it")
		}
	}
}

// Result is what a tool has answered.
type Result struct {
	Failed bool            // the tool says so (isError)
	Text   string          // its pieces of text, one below the other
	Raw    json.RawMessage // all of it, on one line
}

// Call calls a tool with arguments, which are a JSON object.
func (s *Session) Call(ctx context.Context, tool string, arguments json.RawMessage) (*Result, error) {
	answer, err := s.Request(ctx, "tools/call", map[string]any{"name": tool, "arguments": arguments})
	if err != nil {
		return nil, err
	}
	var result struct {
		IsError bool
		Content []struct{ Type, Text string }
	}
	if json.Unmarshal(answer, &result) != nil {
		return nil, badAnswer("tools/call", "has no list \"content\"")
	}
	var text bytes.Buffer
	for _, c := range result.Content {
		if c.Type == "text" {
			text.WriteString(c.Text)
			if n := len(c.Text); n > 0 && c.Text[n-1] != '\n' {
				text.WriteByte('\n')
			}
		}
	}
	return &Result{result.IsError, text.String(), answer}, nil
}

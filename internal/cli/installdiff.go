package cli

import (
	"regexp"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/internal/clients/edit"
	"github.com/spanpipe/spanpipe/internal/view"
)

// mask stands for a value that is not shown.
const mask = "***"

// mostOfLine is how much of a line of a difference is shown. Some clients write their file on one line.
const mostOfLine = 400

// diff returns how a file changes, as a unified difference without secrets.
func (i *installation) diff(e *plannedEdit, paint view.Paint) string {
	name := i.tilde(e.Path)
	before, after := i.maskedFile(e, e.Before), i.maskedFile(e, e.After)
	text := udiff.Unified(name, name, before, after)
	if text == "" {
		return "(what differs cannot be shown without secrets)\n"
	}
	var out strings.Builder
	for line := range strings.Lines(i.masked(text)) {
		line = view.CutEnd(view.SafeLine(strings.TrimRight(line, "\r\n")), mostOfLine)
		if strings.HasPrefix(line, "-") {
			line = paint(view.Red, line)
		} else if strings.HasPrefix(line, "+") {
			line = paint(view.Green, line)
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

// maskedFile returns a text of a file without the values that are secrets by their place.
func (i *installation) maskedFile(e *plannedEdit, text []byte) string {
	read := e.Files[0].Reread(text)
	if read.Err != nil {
		return mask + "\n" // it was parsed before
	}
	s := secrets{redactor: i.redactor(), found: map[*edit.Node]bool{}}
	s.look(read.Doc.Root(), false)
	shown, ok := read.Doc.Masked(func(n *edit.Node) bool { return s.found[n] }, mask)
	if !ok {
		return mask + "\n"
	}
	return string(shown)
}

// masked removes what looks like a secret from each line of a text.
func (i *installation) masked(text string) string {
	var out strings.Builder
	redactor := i.redactor()
	for line := range strings.Lines(text) {
		end := line[len(strings.TrimRight(line, "\r\n")):]
		line = strings.TrimSuffix(line, end)
		out.WriteString(redactor.Text([]byte(line), false, len(line)*redactedGrowth+redactedGrowth) + end)
	}
	return out.String()
}

// redactedGrowth is enough for the marks that stand for what was removed.
const redactedGrowth = 20

// redactor returns what finds secrets in texts. Users' names stay: a path without them would not be the one that is written.
func (i *installation) redactor() *redact.Redactor {
	r, err := redact.New(redact.Config{Secrets: true})
	if err != nil {
		return nil // which lets nothing through
	}
	return r
}

// secrets finds the values of a file that are not shown: those of variables and headers, also among the arguments, and what follows a
// flag such as --token.
type secrets struct {
	redactor *redact.Redactor
	found    map[*edit.Node]bool
}

// hiding are the members whose values are variables or headers, in lower case.
var hiding = regexp.MustCompile(`^(env|envs|environment|headers|http_headers|env_http_headers|requestinit)$`)

// look finds secrets in a value. If it is hidden, all below it is.
func (s *secrets) look(n *edit.Node, hidden bool) {
	for _, m := range n.Members {
		switch v := m.Value; {
		case v.Kind == edit.Map || v.Kind == edit.List:
			s.look(v, hidden || hiding.MatchString(strings.ToLower(m.Name)))
		case hidden && v.Text != "" && !isShown(m.Name, v.Text):
			s.found[v] = true
		}
	}
	before := ""
	for _, item := range n.Items {
		switch {
		case item.Kind == edit.Map || item.Kind == edit.List:
			s.look(item, hidden)
		case hidden && item.Text != "" && !isPlaceholder(item.Text):
			s.found[item] = true
		case s.isSecretOf(before, item.Text), setsVariable(before, item.Text):
			s.found[item] = true
		}
		before = item.Text
	}
}

// isSecretOf reports whether an argument is the secret of the flag before it.
func (s *secrets) isSecretOf(flag, value string) bool {
	name := strings.TrimLeft(flag, "-")
	if name == flag || name == "" || strings.ContainsAny(name, "= ") || isPlaceholder(value) {
		return false
	}
	pair := name + "=" + value
	return s.redactor.Text([]byte(pair), false, len(pair)*redactedGrowth) != pair
}

// setsVariable reports whether an argument gives a variable its value, as "docker run" has it: -e NAME=value or --env=NAME=value.
func setsVariable(before, argument string) bool {
	pair, own := strings.CutPrefix(argument, "--env=")
	name, value, _ := strings.Cut(pair, "=")
	return (own || before == "-e" || before == "--env") && value != "" && !isShown(name, value)
}

// isShown reports whether the value of a variable is no secret: spanpipe's own settings, and placeholders.
func isShown(name, value string) bool {
	return strings.HasPrefix(name, "SPANPIPE_") && !strings.Contains(name, "HEADERS") || isPlaceholder(value)
}

// placeholder matches what clients put a value in place of. One with a default has a value of its own.
var placeholder = regexp.MustCompile(`\$\{\{\s*[\w.]+\s*\}\}|\$\{[\w.]+(:\w[\w./-]*)?\}|\{(env|file):[^{}]+\}|\$[A-Z_][A-Z0-9_]*`)

// scheme matches what stands before a placeholder in a header.
var scheme = regexp.MustCompile(`^(?i:|bearer|basic|token)\s*$`)

// isPlaceholder reports whether a value is made of placeholders alone.
func isPlaceholder(value string) bool {
	return placeholder.MatchString(value) && scheme.MatchString(placeholder.ReplaceAllString(value, ""))
}

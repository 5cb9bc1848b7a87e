package telemetry

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// resources labels resource URIs. A URI is content: what is shown of it is the server's URI template that it matches,
// else its scheme, if that is known: the client wrote it, and what is no URI has anything before its first colon.
type resources struct {
	templates []template
	schemes   map[string]bool // of templates
}

type template struct {
	text  string
	match *regexp.Regexp
}

// maxTemplates bounds the templates that are remembered of a server.
const maxTemplates = 100

// learn remembers the templates in a response to resources/templates/list. They are URI templates of RFC 6570.
func (r *resources) learn(templates []string) {
	for _, text := range templates {
		known := slices.ContainsFunc(r.templates, func(t template) bool { return t.text == text })
		if known || len(r.templates) >= maxTemplates {
			continue
		}
		if match := compileTemplate(text); match != nil {
			r.templates = append(r.templates, template{text, match})
			if r.schemes == nil {
				r.schemes = map[string]bool{}
			}
			r.schemes[scheme(text)] = true
		}
	}
}

var templateExpression = lazy(`\{([+#./;?&]?)[^{}]*\}`)

// compileTemplate returns a matcher for a template, or nil for one without an expression or without anything fixed in
// it. An expression matches everything but the characters that end it by its operator.
func compileTemplate(text string) *regexp.Regexp {
	places := templateExpression().FindAllStringSubmatchIndex(text, -1)
	if places == nil || strings.Trim(templateExpression().ReplaceAllString(text, ""), ":/") == "" {
		return nil
	}
	var pattern strings.Builder
	pattern.WriteString(`^`)
	last := 0
	for _, p := range places {
		pattern.WriteString(regexp.QuoteMeta(text[last:p[0]]))
		switch operator := text[p[2]:p[3]]; operator {
		case "+", "#", "/", ".":
			pattern.WriteString(`.*`)
		case "?", "&", ";":
			pattern.WriteString(`[^#]*`)
		default:
			pattern.WriteString(`[^/?#]*`)
		}
		last = p[1]
	}
	pattern.WriteString(regexp.QuoteMeta(text[last:]) + `$`)
	match, err := regexp.Compile(pattern.String())
	if err != nil {
		return nil // it was not UTF-8
	}
	return match
}

var uriScheme = lazy(`^[A-Za-z][A-Za-z0-9+.-]{0,31}:`)

// label returns what may be shown of a URI.
func (r *resources) label(uri string) string {
	for _, t := range r.templates {
		if t.match.MatchString(uri) {
			return t.text
		}
	}
	if s := scheme(uri); s != "" && (r.schemes[s] || knownSchemes()[s]) {
		return s
	}
	return semconv.Other
}

func scheme(uri string) string {
	return strings.ToLower(strings.TrimSuffix(uriScheme().FindString(uri), ":"))
}

//go:embed schemes.txt
var schemesText string

var knownSchemes = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	for line := range strings.Lines(schemesText) {
		if !strings.HasPrefix(line, "#") {
			for _, s := range strings.Fields(line) {
				known[s] = true
			}
		}
	}
	return known
})

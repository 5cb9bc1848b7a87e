package telemetry

import (
	"regexp"
	"strings"

	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// resources labels resource URIs for metrics and spans. A URI is content: what is shown of it is the template of the
// server's that it matches, else its scheme.
type resources struct {
	templates []template
	schemes   names
}

type template struct {
	text  string
	match *regexp.Regexp
}

// maxTemplates bounds the templates that are learned.
const maxTemplates = 100

// learn takes the templates of an answer to resources/templates/list. Those are RFC 6570; an expression matches anything but
// the characters that could lead out of it.
func (r *resources) learn(templates []string) {
	for _, text := range templates {
		if len(r.templates) >= maxTemplates || r.known(text) {
			continue
		}
		if m := compileTemplate(text); m != nil {
			r.templates = append(r.templates, template{text, m})
		}
	}
}

func (r *resources) known(text string) bool {
	for _, t := range r.templates {
		if t.text == text {
			return true
		}
	}
	return false
}

var expression = regexp.MustCompile(`\{([+#./;?&]?)[^{}]*\}`)

// compileTemplate makes a matcher, or nil for a text that is no template with something fixed in it.
func compileTemplate(text string) *regexp.Regexp {
	places := expression.FindAllStringSubmatchIndex(text, -1)
	if places == nil || strings.Trim(expression.ReplaceAllString(text, ""), ":/") == "" {
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
	m, err := regexp.Compile(pattern.String())
	if err != nil {
		return nil
	}
	return m
}

var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]{0,31}:`)

// label is what may be shown of a URI.
func (r *resources) label(uri string) string {
	for _, t := range r.templates {
		if t.match.MatchString(uri) {
			return t.text
		}
	}
	s := strings.TrimSuffix(scheme.FindString(uri), ":")
	if _, ok := redact.Name([]byte(s)); ok { // before it loses its case: what is no URI can be a credential up to its colon
		return r.schemes.label(strings.ToLower(s))
	}
	return semconv.Other
}

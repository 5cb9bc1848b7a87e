package rules

import (
	"regexp"
	"strings"
	"sync"
)

// The forms of names are compiled when they are first needed: most processes have no rules.
var (
	nameForm  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*$`) })
	labelForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]*$`) })
)

// reserved are the beginnings of names that are spanpipe's, OpenTelemetry's or Prometheus' own.
var reserved = []string{"mcp.", "spanpipe.", "process.", "gen_ai.", "rpc.", "http.", "otel.", "telemetry.", "target.", "scrape.", "promhttp.", "go.", "up."}

// badName returns why a name is none for a metric, and the next step.
func badName(name string) (why, hint string) {
	if !nameForm().MatchString(name) {
		return "name " + quote(name) + " is no name of a metric", "begin with a letter; then letters, digits, _ . - and /, for example arcade.grabs"
	}
	if own := reservedBy(name); own != "" {
		return "names that begin with " + own + " are not for rules", "put a word of your own in front of it: custom." + name
	}
	return "", ""
}

// badLabel returns why a name is none for a label, and the next step.
func badLabel(name string) (why, hint string) {
	if !labelForm().MatchString(name) {
		return "name " + quote(name) + " is no name of a label", "begin with a letter; then letters, digits, _ and ."
	}
	switch underscored(name) {
	case "le", "quantile", "job", "instance", "service_name", "service_instance_id", "error_type":
		return "label " + name + " has a meaning of its own in Prometheus or OpenTelemetry", "choose another name"
	}
	if own := reservedBy(name); own != "" {
		return "labels that begin with " + own + " are not for rules", "choose another name"
	}
	return "", ""
}

// reservedBy returns the reserved beginning of a name. In Prometheus, dots are underscores.
func reservedBy(name string) string {
	form := underscored(name) + "_"
	for _, own := range reserved {
		if strings.HasPrefix(form, underscored(own)) {
			return own
		}
	}
	return ""
}

// underscored returns a name as Prometheus writes it.
func underscored(name string) string {
	form := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
	for strings.Contains(form, "__") {
		form = strings.ReplaceAll(form, "__", "_")
	}
	return form
}

// prometheusForm returns what two names must not have in common: the exporter appends units and endings that another name
// may have itself.
func prometheusForm(name string) string {
	words := strings.Split(strings.Trim(underscored(name), "_"), "_")
	for len(words) > 1 {
		switch words[len(words)-1] {
		case "total", "seconds", "milliseconds", "bytes", "ratio", "percent", "bucket", "sum", "count":
			words = words[:len(words)-1]
			continue
		}
		break
	}
	return strings.Join(words, "_")
}

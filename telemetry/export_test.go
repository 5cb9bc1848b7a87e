package telemetry

// Omit is omit.
var Omit = omit

// Label returns the label of a resource URI for a server with some templates.
func Label(uri string, templates ...string) string {
	var r resources
	r.learn(templates)
	return r.label(uri)
}

package web

import "net/http"

// routes returns what answers requests. A handler returns what to reply; see reply.go.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, handle := range s.data() {
		mux.Handle(pattern, reply(s.config.Logger, handle))
	}
	mux.HandleFunc("GET "+eventsPath, s.events)
	mux.HandleFunc("HEAD "+eventsPath, func(w http.ResponseWriter, _ *http.Request) { // which would have no end
		w.Header().Set("Content-Type", "text/event-stream")
	})
	s.assetRoutes(mux)
	return mux
}

// data returns what answers requests for data, which docs/ui-api.md lists.
func (s *Server) data() map[string]func(*http.Request) (any, error) {
	return map[string]func(*http.Request) (any, error){
		"POST " + tokenPath:                               s.exchange,
		"GET /api/v1/store":                               s.store,
		"GET /api/v1/sessions":                            s.sessions,
		"GET /api/v1/runs/{id}":                           s.runs.run,
		"GET /api/v1/runs/{id}/operations":                s.runs.operations,
		"GET /api/v1/runs/{id}/resources":                 s.runs.resources,
		"GET /api/v1/sessions/{name}/operations/{number}": s.runs.operation,
		"GET /api/v1/tools":                               s.tools.list,
		"GET /api/v1/tools/{key}":                         s.tools.one,
		"GET /api/v1/context":                             s.contexts.context,
		"GET /api/v1/context/definitions/{key}":           s.contexts.definition,
		"GET /api/v1/live":                                s.live,
	}
}

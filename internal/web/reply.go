package web

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/spanpipe/spanpipe/internal/web/api"
)

// failure is an error with what to reply.
type failure struct {
	status int
	api.Failure
}

func (f *failure) Error() string { return f.Failure.Error }

// wrong returns the error of a request that cannot be answered as it is.
func wrong(text, next string) error {
	return &failure{http.StatusBadRequest, api.Failure{Version: api.Version, Error: text, Next: next}}
}

// missing returns the error of a request for what is not there.
func missing(text, next string) error {
	return &failure{http.StatusNotFound, api.Failure{Version: api.Version, Error: text, Next: next}}
}

// reply returns the handler that writes what another one returns, as JSON.
func (s *Server) reply(handle func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := handle(r)
		status := http.StatusOK
		if err != nil {
			f, ok := errors.AsType[*failure](err)
			if !ok {
				f = &failure{http.StatusInternalServerError, api.Failure{Version: api.Version, Error: err.Error()}}
			}
			status, body = f.status, f.Failure
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body) // the page may have left
	})
}

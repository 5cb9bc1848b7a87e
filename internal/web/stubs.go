package web

import (
	"errors"
	"net/http"
)

var errNotYet = errors.New("not built yet")

func (s *Server) tools(*http.Request) (any, error)      { return nil, errNotYet }
func (s *Server) tool(*http.Request) (any, error)       { return nil, errNotYet }
func (s *Server) context(*http.Request) (any, error)    { return nil, errNotYet }
func (s *Server) definition(*http.Request) (any, error) { return nil, errNotYet }

package web

import (
	"errors"
	"net/http"
)

var errNotYet = errors.New("not built yet")

func (s *Server) store(*http.Request) (any, error)          { return nil, errNotYet }
func (s *Server) sessions(*http.Request) (any, error)       { return nil, errNotYet }
func (s *Server) run(*http.Request) (any, error)            { return nil, errNotYet }
func (s *Server) operations(*http.Request) (any, error)     { return nil, errNotYet }
func (s *Server) resources(*http.Request) (any, error)      { return nil, errNotYet }
func (s *Server) operation(*http.Request) (any, error)      { return nil, errNotYet }
func (s *Server) live(*http.Request) (any, error)           { return nil, errNotYet }
func (s *Server) events(http.ResponseWriter, *http.Request) {}

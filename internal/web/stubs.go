package web

import (
	"errors"
	"net/http"
)

var errNotYet = errors.New("not built yet")

type keeper struct{}

func newKeeper(Config) *keeper { return &keeper{} }

func (s *Server) store(*http.Request) (any, error)          { return nil, errNotYet }
func (s *Server) sessions(*http.Request) (any, error)       { return nil, errNotYet }
func (s *Server) operation(*http.Request) (any, error)      { return nil, errNotYet }
func (s *Server) tools(*http.Request) (any, error)          { return nil, errNotYet }
func (s *Server) tool(*http.Request) (any, error)           { return nil, errNotYet }
func (s *Server) context(*http.Request) (any, error)        { return nil, errNotYet }
func (s *Server) definition(*http.Request) (any, error)     { return nil, errNotYet }
func (s *Server) live(*http.Request) (any, error)           { return nil, errNotYet }
func (s *Server) events(http.ResponseWriter, *http.Request) {}

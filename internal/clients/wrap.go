package clients

import "errors"

// Wrap returns the file with spanpipe in front of servers. Those that are wrapped already get the variables that they lack,
// and a program that has another place.
func (f *File) Wrap(servers []*Server, w Wrapping) (*Change, error) {
	return nil, errors.New("not there yet")
}

// Unwrap returns the file without spanpipe in front of servers.
func (f *File) Unwrap(servers []*Server) (*Change, error) {
	return nil, errors.New("not there yet")
}

// Snippet returns what a person pastes for a server, in the client's format and shape. It has no values of the server's other
// variables, which may be secrets; arguments are as they are, and what prints them has to mask them.
func Snippet(c *Client, s *Server, w Wrapping) string { return "" }

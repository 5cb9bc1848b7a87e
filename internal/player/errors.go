package player

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// MethodNotFound is the code of an error that says that a server does not have a method.
const MethodNotFound = -32601

// ErrEcho is the error of a program that sends back what it reads, as cat does, and terminals that echo.
var ErrEcho = errors.New("it sends back what it is sent, so it is no MCP server")

// Error is a JSON-RPC error with which a server has answered.
type Error struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data,omitempty"`
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("error %d: %s", e.Code, e.Message) }

// NoAnswerError is the error of a request that the server has not answered in time.
type NoAnswerError struct {
	Method string
	After  time.Duration
}

// Error implements error.
func (e *NoAnswerError) Error() string {
	return fmt.Sprintf("no answer to %s within %v", e.Method, e.After)
}

// EndedError is the error of a request to a server whose output has ended, or whose input is closed.
type EndedError struct {
	Method string
	Err    error // io.EOF, or what went wrong
}

// Error implements error.
func (e *EndedError) Error() string {
	return fmt.Sprintf("the server ended before it answered %s", e.Method)
}

// Unwrap returns what went wrong.
func (e *EndedError) Unwrap() error { return e.Err }

// badAnswer returns the error of an answer that does not fit its request.
func badAnswer(method, what string, values ...any) error {
	return fmt.Errorf("the answer to %s %s", method, fmt.Sprintf(what, values...))
}

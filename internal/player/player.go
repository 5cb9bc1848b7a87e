package player

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// Config describes a client and its pipes.
type Config struct {
	In  io.Reader      // what the server writes; it is read to its end
	Out io.WriteCloser // what the server reads

	Name, Version string        // what the client calls itself
	Timeout       time.Duration // how long to wait for each answer; 0: as long as it takes
	Protocol      string        // the version to ask for first; empty: the newest with a handshake
}

// Session is a connection to a server that has answered. Its methods are for one goroutine.
type Session struct {
	Protocol      string // the version that is spoken
	Name, Version string // what the server calls itself
	capabilities  map[string]json.RawMessage

	*conn
	meta map[string]any // of each request, in a version without a handshake
}

// The versions with a handshake that this client speaks, the newest first, and the one without.
var (
	withHandshake = []string{"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "2024-10-07"}
	stateless     = "2026-07-28"
)

// Open starts a session and waits until the server is ready. If it fails the session cannot be used, but must be closed, too.
func Open(ctx context.Context, cfg Config) (*Session, error) {
	s := &Session{conn: connect(cfg.In, cfg.Out, cfg.Timeout)}
	err := s.initialize(ctx, cfg, cmp.Or(cfg.Protocol, withHandshake[0]))
	refused, ok := errors.AsType[*Error](err)
	if !ok {
		return s, err
	}
	known := refused.supported()
	for _, version := range withHandshake {
		if slices.Contains(known, version) {
			return s, s.initialize(ctx, cfg, version)
		}
	}
	err = s.discover(ctx, cfg)
	if err != nil && !slices.Contains(known, stateless) {
		err = fmt.Errorf("the server refuses initialize: %w", refused)
	}
	return s, err
}

// supported returns the versions that a refusal names.
func (e *Error) supported() []string {
	var data struct{ Supported []string }
	_ = json.Unmarshal(e.Data, &data) // most have no such data
	return data.Supported
}

// implementation is what a peer calls itself.
type implementation struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// initialize makes the handshake, asking for a version.
func (s *Session) initialize(ctx context.Context, cfg Config, version string) error {
	answer, err := s.request(ctx, "initialize", map[string]any{
		"protocolVersion": version, "capabilities": struct{}{}, "clientInfo": implementation{cfg.Name, cfg.Version},
	})
	if err != nil {
		return err
	}
	var result struct {
		ProtocolVersion string
		Capabilities    map[string]json.RawMessage
		ServerInfo      implementation
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return badAnswer("initialize", "does not have the form that MCP demands")
	}
	s.Protocol, s.capabilities = result.ProtocolVersion, result.Capabilities
	s.Name, s.Version = result.ServerInfo.Name, result.ServerInfo.Version
	if !slices.Contains(withHandshake, s.Protocol) {
		return badAnswer("initialize", "names the protocol version %.40q, which this client does not speak", s.Protocol)
	}
	return s.send(ctx, message{Method: "notifications/initialized"})
}

// discover asks a server without a handshake what it offers (2026-07-28, server/discover).
func (s *Session) discover(ctx context.Context, cfg Config) error {
	const prefix = "io.modelcontextprotocol/"
	s.meta = map[string]any{
		prefix + "protocolVersion": stateless, prefix + "clientCapabilities": struct{}{},
		prefix + "clientInfo": implementation{cfg.Name, cfg.Version},
	}
	answer, err := s.Request(ctx, "server/discover", nil)
	if err != nil {
		return err
	}
	var result struct {
		SupportedVersions []string
		Capabilities      map[string]json.RawMessage
		Meta              map[string]json.RawMessage `json:"_meta"`
	}
	if err := json.Unmarshal(answer, &result); err != nil {
		return badAnswer("server/discover", "does not have the form that MCP demands")
	}
	if !slices.Contains(result.SupportedVersions, stateless) {
		return badAnswer("server/discover", "names the protocol versions %.100q, none of which this client speaks",
			result.SupportedVersions)
	}
	var server implementation
	_ = json.Unmarshal(result.Meta[prefix+"serverInfo"], &server) // it is optional
	s.Protocol, s.capabilities, s.Name, s.Version = stateless, result.Capabilities, server.Name, server.Version
	return nil
}

// Offers reports whether the server has declared a capability: tools, resources, prompts.
func (s *Session) Offers(capability string) bool { _, ok := s.capabilities[capability]; return ok }

// maxRounds bounds how often a server may ask for input during one call.
const maxRounds = 8

// Request sends a request and waits for its result. Where the server needs a person's input for that (2026-07-28,
// basic/patterns/mrtr), it is declined. The error is as that of conn.request.
func (s *Session) Request(ctx context.Context, method string, params map[string]any) (json.RawMessage, error) {
	params = maps.Clone(params)
	if params == nil {
		params = map[string]any{}
	}
	if s.meta != nil {
		params["_meta"] = s.meta
	}
	for range maxRounds {
		answer, err := s.request(ctx, method, params)
		if err != nil || s.meta == nil {
			return answer, err
		}
		var round struct {
			ResultType    string
			InputRequests map[string]struct{ Method string }
			RequestState  json.RawMessage
		}
		_ = json.Unmarshal(answer, &round) // a result of another form asks for nothing
		if round.ResultType != "input_required" {
			return answer, nil
		}
		inputs := map[string]any{}
		for key, asked := range round.InputRequests {
			response, ok := response(asked.Method)
			if !ok {
				return nil, badAnswer(method, "asks for %.60q, which this client has not offered", asked.Method)
			}
			inputs[key] = response
		}
		delete(params, "requestState")
		params["inputResponses"] = inputs
		if round.RequestState != nil {
			params["requestState"] = round.RequestState
		}
	}
	return nil, badAnswer(method, "asks for input again after %d rounds", maxRounds)
}

// Strays returns what has come that is no message.
func (s *Session) Strays() Strays {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.strays
}

// Close ends the server's input, which is how a client ends a session. It may be called once.
func (s *Session) Close() error { return s.close() }

package cmd_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// playSDK is a server that uses the official Go SDK and offers every feature that a client can use.
func playSDK([]string) int {
	s := mcp.NewServer(&mcp.Implementation{Name: "sdk-server", Version: "7.8.9"}, &mcp.ServerOptions{
		CompletionHandler: func(context.Context, *mcp.CompleteRequest) (*mcp.CompleteResult, error) {
			return &mcp.CompleteResult{Completion: mcp.CompletionResultDetails{Values: []string{"Ada"}}}, nil
		},
		SubscribeHandler:   func(context.Context, *mcp.SubscribeRequest) error { return nil },
		UnsubscribeHandler: func(context.Context, *mcp.UnsubscribeRequest) error { return nil },
	})
	s.AddResource(&mcp.Resource{URI: "memo://one", Name: "one"},
		func(_ context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: r.Params.URI, Text: "a memo"}}}, nil
		})
	s.AddPrompt(&mcp.Prompt{Name: "greet"},
		func(context.Context, *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			messages := []*mcp.PromptMessage{{Role: "user", Content: sdkText("Hello.")}}
			return &mcp.GetPromptResult{Messages: messages}, nil
		})
	for name, handle := range sdkTools {
		s.AddTool(sdkTool(name), func(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return handle(ctx, s, r)
		})
	}
	err := s.Run(context.Background(), &mcp.StdioTransport{})
	if err != nil && !errors.Is(err, mcp.ErrConnectionClosed) {
		fmt.Fprintln(os.Stderr, "sdk server:", err)
		return 1
	}
	return 0
}

func sdkTool(name string) *mcp.Tool {
	return &mcp.Tool{Name: name, InputSchema: json.RawMessage(`{"type":"object"}`)}
}

func sdkText(s string) *mcp.TextContent { return &mcp.TextContent{Text: s} }

// sdkResult returns a tool result, which is a tool error if err is not nil.
func sdkResult(err error) (*mcp.CallToolResult, error) {
	if err != nil {
		return &mcp.CallToolResult{IsError: true, Content: []mcp.Content{sdkText(err.Error())}}, nil
	}
	return &mcp.CallToolResult{Content: []mcp.Content{sdkText("done")}}, nil
}

// sdkHandler handles calls of a tool of s.
type sdkHandler func(ctx context.Context, s *mcp.Server, r *mcp.CallToolRequest) (*mcp.CallToolResult, error)

// sdkTools are the server's tools.
var sdkTools = map[string]sdkHandler{
	"echo": func(context.Context, *mcp.Server, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return sdkResult(nil)
	},
	"broken": func(context.Context, *mcp.Server, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return sdkResult(errors.New("no"))
	},
	"crash": func(context.Context, *mcp.Server, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return nil, errors.New("a protocol error, not a tool error")
	},
	// Requests to the client.
	"sample": func(ctx context.Context, _ *mcp.Server, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return sdkResult(sdkSample(ctx, r, 10))
	},
	"splurge": func(ctx context.Context, _ *mcp.Server, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return sdkResult(sdkSample(ctx, r, 1_000_000))
	},
	"elicit": func(ctx context.Context, _ *mcp.Server, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		_, err := r.Session.Elicit(ctx, sdkQuestion())
		return sdkResult(err)
	},
	"roots": func(ctx context.Context, _ *mcp.Server, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		_, err := r.Session.ListRoots(ctx, nil)
		return sdkResult(err)
	},
	"ping": func(ctx context.Context, _ *mcp.Server, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return sdkResult(r.Session.Ping(ctx, nil))
	},
	// Notifications to the client.
	"log": func(ctx context.Context, _ *mcp.Server, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return sdkResult(r.Session.Log(ctx, &mcp.LoggingMessageParams{Level: "info", Data: "a line"}))
	},
	"grow": func(_ context.Context, s *mcp.Server, _ *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		s.AddTool(sdkTool("late"), func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return sdkResult(nil)
		})
		return sdkResult(nil)
	},
	"progress": func(ctx context.Context, _ *mcp.Server, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		for i := range 3 {
			if err := sdkProgress(ctx, r, float64(i)); err != nil {
				return nil, err
			}
		}
		return sdkResult(nil)
	},
	// wait sends a progress notification when it starts, and returns when it is cancelled.
	"wait": func(ctx context.Context, _ *mcp.Server, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		if err := sdkProgress(ctx, r, 1); err != nil {
			return nil, err
		}
		<-ctx.Done()
		return nil, ctx.Err()
	},
	// ask takes two round trips since 2026-07-28, with the user's answer in between. For older clients the SDK turns it
	// into an elicitation.
	"ask": func(_ context.Context, _ *mcp.Server, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		if len(r.Params.InputResponses) == 0 {
			requests := mcp.InputRequestMap{"sure": sdkQuestion()}
			return &mcp.CallToolResult{InputRequests: requests, RequestState: "opaque"}, nil
		}
		return sdkResult(nil)
	},
}

func sdkSample(ctx context.Context, r *mcp.CallToolRequest, tokens int64) error {
	_, err := r.Session.CreateMessage(ctx, &mcp.CreateMessageParams{
		MaxTokens: tokens, Messages: []*mcp.SamplingMessage{{Role: "user", Content: sdkText("Hm?")}},
	})
	return err
}

func sdkQuestion() *mcp.ElicitParams {
	return &mcp.ElicitParams{Message: "Sure?", RequestedSchema: json.RawMessage(`{"type":"object","properties":{}}`)}
}

func sdkProgress(ctx context.Context, r *mcp.CallToolRequest, done float64) error {
	return r.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{
		ProgressToken: r.Params.GetProgressToken(), Progress: done,
	})
}

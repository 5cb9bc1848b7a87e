package cmd_test

import (
	"context"
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// sdkClient is a client that uses the official Go SDK.
type sdkClient struct {
	*mcp.ClientSession
	t        *testing.T
	ctx      context.Context //nolint:containedctx // the test's
	client   *mcp.Client
	progress chan struct{} // receives once per progress notification
	changed  chan struct{} // receives when the list of tools changes
	logged   chan struct{} // receives once per log message
}

// sdkConnect starts a command and connects to it with a protocol version.
func sdkConnect(t *testing.T, cmd *exec.Cmd, version string) *sdkClient {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	c := &sdkClient{
		t: t, ctx: ctx,
		progress: make(chan struct{}, 8), changed: make(chan struct{}, 8), logged: make(chan struct{}, 8),
	}
	options := &mcp.ClientOptions{
		ElicitationHandler: func(context.Context, *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			return &mcp.ElicitResult{Action: "accept", Content: map[string]any{}}, nil
		},
		CreateMessageHandler: createMessage,
		LoggingMessageHandler: func(context.Context, *mcp.LoggingMessageRequest) {
			c.logged <- struct{}{}
		},
		ProgressNotificationHandler: func(context.Context, *mcp.ProgressNotificationClientRequest) {
			c.progress <- struct{}{}
		},
		ToolListChangedHandler: func(context.Context, *mcp.ToolListChangedRequest) {
			c.changed <- struct{}{}
		},
	}
	c.client = mcp.NewClient(&mcp.Implementation{Name: "sdk-client", Version: "4.5.6"}, options)
	var err error
	c.ClientSession, err = c.client.Connect(ctx, &mcp.CommandTransport{Command: cmd},
		&mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal("connecting: ", err)
	}
	return c
}

// createMessage is the client's model. It refuses expensive requests, as a user would.
func createMessage(_ context.Context, r *mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
	if r.Params.MaxTokens > 10 {
		return nil, errors.New("the user says no")
	}
	return &mcp.CreateMessageResult{Role: "assistant", Model: "none", Content: sdkText("Hm.")}, nil
}

// must fails the test if a call returns an error.
func must[T any](t *testing.T, what string) func(T, error) T {
	return func(result T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		return result
	}
}

// tool calls a tool. The call must return a result, which may be a tool error.
func (c *sdkClient) tool(name string, meta mcp.Meta) *mcp.CallToolResult {
	c.t.Helper()
	return must[*mcp.CallToolResult](c.t, name)(c.CallTool(c.ctx, &mcp.CallToolParams{Name: name, Meta: meta}))
}

// refused expects a protocol error.
func (c *sdkClient) refused(what string, err error) {
	c.t.Helper()
	if err == nil {
		c.t.Errorf("%s: got no error, want one", what)
	}
}

// await waits for a notification.
func (c *sdkClient) await(what string, arrived <-chan struct{}) {
	c.t.Helper()
	select {
	case <-arrived:
	case <-c.ctx.Done():
		c.t.Fatal("timed out waiting for ", what)
	}
}

// everyVersion makes the requests that every protocol version has.
func (c *sdkClient) everyVersion() {
	c.t.Helper()
	must[*mcp.ListToolsResult](c.t, "tools/list")(c.ListTools(c.ctx, nil))
	must[*mcp.ListPromptsResult](c.t, "prompts/list")(c.ListPrompts(c.ctx, nil))
	must[*mcp.ListResourcesResult](c.t, "resources/list")(c.ListResources(c.ctx, nil))
	must[*mcp.ListResourceTemplatesResult](c.t, "resources/templates/list")(c.ListResourceTemplates(c.ctx, nil))
	must[*mcp.GetPromptResult](c.t, "prompts/get")(c.GetPrompt(c.ctx, &mcp.GetPromptParams{Name: "greet"}))
	memo := &mcp.ReadResourceParams{URI: "memo://one"}
	must[*mcp.ReadResourceResult](c.t, "resources/read")(c.ReadResource(c.ctx, memo))
	must[*mcp.CompleteResult](c.t, "completion/complete")(c.Complete(c.ctx, &mcp.CompleteParams{
		Ref:      &mcp.CompleteReference{Type: "ref/prompt", Name: "greet"},
		Argument: mcp.CompleteParamsArgument{Name: "name", Value: "A"},
	}))
	_, err := c.ReadResource(c.ctx, &mcp.ReadResourceParams{URI: "memo://two"})
	c.refused("an unknown resource", err)
	_, err = c.CallTool(c.ctx, &mcp.CallToolParams{Name: "nothing"})
	c.refused("an unknown tool", err)
	_, err = c.CallTool(c.ctx, &mcp.CallToolParams{Name: "crash"})
	c.refused("the tool crash", err)

	c.tool("echo", nil)
	c.tool("echo", mcp.Meta{"traceparent": remoteTraceparent})
	if !c.tool("broken", nil).IsError {
		c.t.Error("the tool broken returned no tool error")
	}
	c.tool("ask", nil)
	c.tool("progress", mcp.Meta{"progressToken": "three steps"})
	for range 3 {
		c.await("progress", c.progress)
	}
	c.cancelled()
}

// cancelled starts a call and cancels it once the server works on it.
func (c *sdkClient) cancelled() {
	c.t.Helper()
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { // ends with the call; waited for below
		_, err := c.CallTool(ctx, &mcp.CallToolParams{Name: "wait", Meta: mcp.Meta{"progressToken": 17}})
		done <- err
	}()
	c.await("the call's progress", c.progress)
	cancel()
	c.refused("a cancelled call", <-done)
}

// withSession makes the requests that only protocol versions with sessions have.
func (c *sdkClient) withSession() {
	c.t.Helper()
	if err := c.Ping(c.ctx, nil); err != nil {
		c.t.Error("ping: ", err)
	}
	if err := c.SetLoggingLevel(c.ctx, &mcp.SetLoggingLevelParams{Level: "info"}); err != nil {
		c.t.Error("logging/setLevel: ", err)
	}
	if err := c.Subscribe(c.ctx, &mcp.SubscribeParams{URI: "memo://one"}); err != nil {
		c.t.Error("resources/subscribe: ", err)
	}
	if err := c.Unsubscribe(c.ctx, &mcp.UnsubscribeParams{URI: "memo://one"}); err != nil {
		c.t.Error("resources/unsubscribe: ", err)
	}
	for _, name := range []string{"sample", "elicit", "roots", "ping", "log"} {
		if c.tool(name, nil).IsError {
			c.t.Errorf("the tool %s returned a tool error", name)
		}
	}
	if !c.tool("splurge", nil).IsError {
		c.t.Error("the tool splurge returned no tool error, so the client did not refuse its request")
	}
	c.await("the log message", c.logged)
	c.client.AddRoots(&mcp.Root{URI: "file:///nowhere"})
}

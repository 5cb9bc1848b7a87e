package telemetry_test

import (
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// talk is a session with content of every level.
const talk = `
1ms  > {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"send","arguments":{"to":"ann@example.com","subject":"hello","password":"hunter2secret"}}}
2ms  < {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"sent to ann@example.com"}]}}
3ms  > {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"send","arguments":{"subject":"again"}}}
4ms  < {"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"cannot reach bob@example.com"}],"isError":true}}
5ms  > {"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"mail://inbox/carol@example.com"}}
6ms  < {"jsonrpc":"2.0","id":3,"error":{"code":-32603,"message":"no mail of carol@example.com"}}
7ms  > {"jsonrpc":"2.0","id":4,"method":"prompts/get","params":{"name":"greet","arguments":{"who":"dave@example.com","tone":"warm"}}}
8ms  < {"jsonrpc":"2.0","id":4,"result":{"messages":[{"role":"user","content":{"type":"text","text":"greet warmly"}}]}}
9ms  < {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"messages":[{"role":"user","content":{"type":"text","text":"write a mail"}}]}}
10ms > {"jsonrpc":"2.0","id":1,"result":{"role":"assistant","content":{"type":"text","text":"Dear all"}}}
11ms < {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"warning","logger":"smtp","data":"relay said 550"}}
`

// capture plays talk with the given levels, and stderr if it is not empty, and returns the receiver.
func capture(t *testing.T, levels string, stderr string) *otlptest.Receiver {
	t.Helper()
	r := otlptest.Start(t, otlptest.Config{})
	exportTo(t, r, otlptest.GRPC)
	s := openTo(t, consent.Request{Telemetry: "otlp", Capture: levels}, nil)
	s.say(talk)
	if stderr != "" {
		s.tel.Stderr().Forwarded([]byte(stderr), time.Now())
		s.tel.Stderr().Ended(time.Now(), true)
	}
	s.end(left)
	return r
}

// TestNoContentByDefault: without levels, no content is sent.
func TestNoContentByDefault(t *testing.T) {
	r := capture(t, "", "")
	for _, text := range []string{
		"hello", "again", "example.com", "hunter2", "sent to", "cannot reach", "inbox", "greet warmly", "write a mail",
		"Dear all", "relay said", "no mail",
	} {
		if r.Contains([]byte(text)) {
			t.Errorf("%q was sent", text)
		}
	}
	if got := r.WaitSpan(t, "resources/read").Attrs.String(semconv.Resource); got != "mail" {
		t.Errorf("%s = %q, want the scheme mail", semconv.Resource, got)
	}
}

// TestCapturedContent checks the attributes that each level captures, and that they are redacted.
func TestCapturedContent(t *testing.T) {
	tests := []struct {
		level, span string
		nth         int
		attribute   string
		want        string
	}{
		{"arguments", "tools/call send", 0, semconv.ToolCallArguments,
			`{"to":"[redacted:email]","subject":"hello","password":"[redacted:password]"}`},
		{"arguments,keys:subject", "tools/call send", 0, semconv.ToolCallArguments, `{"subject":"hello"}`},
		{"results", "tools/call send", 0, semconv.ToolCallResult,
			`{"content":[{"type":"text","text":"sent to [redacted:email]"}]}`},
		{"errors", "tools/call send", 1, semconv.ErrorMessage, `cannot reach [redacted:email]`},
		{"errors", "resources/read", 0, semconv.ErrorMessage, `no mail of [redacted:email]`},
		{"uris", "resources/read", 0, semconv.ResourceURI, `mail://inbox/[redacted:email]`},
		{"prompts", "prompts/get greet", 0, semconv.PromptVariable + "who", `[redacted:email]`},
		{"prompts", "prompts/get greet", 0, semconv.PromptVariable + "tone", `warm`},
		{"prompts", "prompts/get greet", 0, semconv.PromptResult,
			`{"messages":[{"role":"user","content":{"type":"text","text":"greet warmly"}}]}`},
		{"prompts", "sampling/createMessage", 0, semconv.SampleRequest,
			`[{"role":"user","content":{"type":"text","text":"write a mail"}}]`},
		{"prompts", "sampling/createMessage", 0, semconv.SampleResult,
			`{"role":"assistant","content":{"type":"text","text":"Dear all"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.level+" "+tt.attribute, func(t *testing.T) {
			r := capture(t, tt.level, "")
			spans := r.SpansNamed(tt.span)
			if len(spans) <= tt.nth {
				t.Fatalf("got %d spans %q, want more than %d:\n%s", len(spans), tt.span, tt.nth, r.Summary())
			}
			if got := spans[tt.nth].Attrs.String(tt.attribute); got != tt.want {
				t.Errorf("%s = %q, want %q", tt.attribute, got, tt.want)
			}
			if r.Contains([]byte("example.com")) || r.Contains([]byte("hunter2")) {
				t.Error("a secret was sent")
			}
		})
	}
}

// TestOneLevel captures one level at a time and expects no content of the others.
func TestOneLevel(t *testing.T) {
	marks := map[string][]string{
		"arguments": {"hello", "again"}, "results": {"sent to"}, "errors": {"cannot reach", "no mail"},
		"uris": {"inbox"}, "prompts": {"warm", "write a mail", "Dear all"},
		"messages": {"relay said"}, "stderr": {"listening"},
	}
	for level := range marks {
		t.Run(level, func(t *testing.T) {
			stderr := ""
			if level == "stderr" {
				stderr = "listening\n"
			}
			r := capture(t, level, stderr)
			for of, texts := range marks {
				for _, text := range texts {
					if level == "results" && text == "cannot reach" {
						continue // a tool error is also a result
					}
					if got, want := r.Contains([]byte(text)), of == level; got != want {
						t.Errorf("sent %q, of level %s = %v, want %v", text, of, got, want)
					}
				}
			}
		})
	}
}

// TestCapturedRecords checks the log records of the levels messages and stderr, and that they are redacted.
func TestCapturedRecords(t *testing.T) {
	r := capture(t, "messages,stderr", "ready for ann@example.com\r\n"+
		"-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\nq8w5XmUyZ0\n-----END RSA PRIVATE KEY-----\nlast line")
	var lines []string
	for _, record := range r.Records() {
		switch record.Text() {
		case "server stderr":
			lines = append(lines, record.Attrs.String("data"))
		case "server message":
			if record.Severity != 13 || record.Attrs.String("logger") != "smtp" ||
				record.Attrs.String("data") != `"relay said 550"` {
				t.Errorf("record of the message: severity %d, attributes %v", record.Severity, record.Attrs)
			}
			lines = append(lines, "message")
		}
	}
	want := "message|ready for [redacted:email]|[redacted:private-key]|last line"
	if got := strings.Join(lines, "|"); got != want {
		t.Errorf("records = %q, want %q", got, want)
	}
}

// TestInvalidCaptureVariable: an invalid variable turns off all capturing, with one warning.
func TestInvalidCaptureVariable(t *testing.T) {
	for _, request := range []consent.Request{
		{Capture: "arguments,resluts"}, {Capture: "arguments", CaptureMax: "lots"},
		{Capture: "arguments", Redact: "no name"}, {Capture: "arguments", Redact: "x=("},
		{Capture: "keys:a"}, {Capture: "arguments,keys:"}, {Capture: "arguments,keys:a,results"},
	} {
		request.Telemetry = "otlp"
		policy, warnings := consent.Decide(request)
		if policy.Capture().Any() || !policy.On() || len(warnings) != 1 {
			t.Errorf("Decide(%+v): capture %v, on %v, warnings %v; want none, true, one",
				request, policy.Capture().Levels(), policy.On(), warnings)
		}
		if telemetry.New(telemetry.Config{Policy: policy}).Stderr() != nil {
			t.Errorf("%+v: Stderr() returned a tap, want nil", request)
		}
	}
}

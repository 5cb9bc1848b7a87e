package session_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/session"
)

func TestClassify(t *testing.T) {
	const otherwise = session.Class("otherwise")
	for _, test := range []struct {
		code, text string
		want       session.Class
	}{
		{"-32700", "", session.InvalidParams},
		{"-32600", "", session.InvalidParams},
		{"-32602", "Tool x not found", session.InvalidParams},
		{"-32601", "", session.NotFound},
		{"-32002", "", session.NotFound},
		{"-32042", "", session.Authentication},
		{"-32001", "", session.Timeout},
		{"-1", "", session.Permission},
		{"-32020", "", session.InvalidParams},
		{"-32021", "", session.InvalidParams},
		{"-32022", "", session.InvalidParams},
		{"-32603", "Rate limit exceeded", session.RateLimited},
		{"-32000", "GitHub API error: 429 Too Many Requests", session.RateLimited},
		{"", "insufficient_quota: quota exceeded", session.RateLimited},
		{"", "ThrottlingException: Rate exceeded", session.RateLimited},
		{"", "Request failed with status code 401", session.Authentication},
		{"", "Invalid API key provided", session.Authentication},
		{"", "You are not logged in", session.Authentication},
		{"", "EACCES: permission denied, open '/etc/shadow'", session.Permission},
		{"", "Access denied - path outside allowed directories", session.Permission},
		{"", "HTTP 403", session.Permission},
		{"", "context deadline exceeded", session.Timeout},
		{"", "connect ETIMEDOUT 10.0.0.1:443", session.Timeout},
		{"", "The operation was canceled", session.Cancelled},
		{"", "AbortError: signal is aborted", session.Cancelled},
		{"", "ABORTERROR", session.Cancelled},
		{"", "ZODERROR", session.InvalidParams},
		{"", "connect ECONNREFUSED 127.0.0.1:5432", session.Unavailable},
		{"", "TypeError: fetch failed", session.Unavailable},
		{"", "getaddrinfo ENOTFOUND api.example.com", session.Unavailable},
		{"", "Request failed with status code 503", session.Unavailable},
		{"", "ENOENT: no such file or directory, open 'x'", session.NotFound},
		{"", "relation \"users\" does not exist", session.NotFound},
		{"", "Error: Unknown tool: frobnicate", session.NotFound},
		{"", "Input validation error: 'q' is a required property", session.InvalidParams},
		{"", "ZodError: [ { \"code\": \"invalid_type\" } ]", session.InvalidParams},
		{"", "Traceback (most recent call last):", session.Internal},
		{"", "Internal Server Error", session.Internal},
		{"", "panic: runtime error: index out of range", session.Internal},
		{"", "I could not find the time to do it, but it was permitted.", otherwise},
		{"", "There are 401 unread messages, 429 of them yours", otherwise},
		{"-32000", "", otherwise},
		{"", "", otherwise},
		{"", strings.Repeat("x", 505) + " not found", otherwise},
		{"", strings.Repeat("x", 502) + " not found", session.NotFound},
	} {
		t.Run(test.code+" "+test.text, func(t *testing.T) {
			text := []byte(test.text)
			if got := session.Classify(test.code, text, otherwise); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if !bytes.Equal(text, []byte(test.text)) {
				t.Error("the text has been changed")
			}
		})
	}
}

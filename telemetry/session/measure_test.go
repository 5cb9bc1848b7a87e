package session_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

func TestClassify(t *testing.T) {
	const otherwise = record.Class("otherwise")
	for _, test := range []struct {
		code, text string
		want       record.Class
	}{
		{"-32700", "", record.InvalidParams},
		{"-32600", "", record.InvalidParams},
		{"-32602", "Tool x not found", record.InvalidParams},
		{"-32601", "", record.NotFound},
		{"-32002", "", record.NotFound},
		{"-32042", "", record.Authentication},
		{"-32001", "", record.Timeout},
		{"-1", "", record.Permission},
		{"-32020", "", record.InvalidParams},
		{"-32021", "", record.InvalidParams},
		{"-32022", "", record.InvalidParams},
		{"-32603", "Rate limit exceeded", record.RateLimited},
		{"-32000", "GitHub API error: 429 Too Many Requests", record.RateLimited},
		{"", "insufficient_quota: quota exceeded", record.RateLimited},
		{"", "ThrottlingException: Rate exceeded", record.RateLimited},
		{"", "Request failed with status code 401", record.Authentication},
		{"", "Invalid API key provided", record.Authentication},
		{"", "You are not logged in", record.Authentication},
		{"", "EACCES: permission denied, open '/etc/shadow'", record.Permission},
		{"", "Access denied - path outside allowed directories", record.Permission},
		{"", "HTTP 403", record.Permission},
		{"", "context deadline exceeded", record.Timeout},
		{"", "connect ETIMEDOUT 10.0.0.1:443", record.Timeout},
		{"", "The operation was canceled", record.Cancelled},
		{"", "AbortError: signal is aborted", record.Cancelled},
		{"", "ABORTERROR", record.Cancelled},
		{"", "ZODERROR", record.InvalidParams},
		{"", "connect ECONNREFUSED 127.0.0.1:5432", record.Unavailable},
		{"", "TypeError: fetch failed", record.Unavailable},
		{"", "getaddrinfo ENOTFOUND api.example.com", record.Unavailable},
		{"", "Request failed with status code 503", record.Unavailable},
		{"", "ENOENT: no such file or directory, open 'x'", record.NotFound},
		{"", "relation \"users\" does not exist", record.NotFound},
		{"", "Error: Unknown tool: frobnicate", record.NotFound},
		{"", "Input validation error: 'q' is a required property", record.InvalidParams},
		{"", "ZodError: [ { \"code\": \"invalid_type\" } ]", record.InvalidParams},
		{"", "Traceback (most recent call last):", record.Internal},
		{"", "Internal Server Error", record.Internal},
		{"", "panic: runtime error: index out of range", record.Internal},
		{"", "I could not find the time to do it, but it was permitted.", otherwise},
		{"", "There are 401 unread messages, 429 of them yours", otherwise},
		{"-32000", "", otherwise},
		{"", "", otherwise},
		{"", strings.Repeat("x", 505) + " not found", otherwise},
		{"", strings.Repeat("x", 502) + " not found", record.NotFound},
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

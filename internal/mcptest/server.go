package mcptest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Serve is an MCP server on the process's standard streams. It returns the exit code: 0 at the end of its input. Its tools are
//
//	echo    answers with the argument text
//	fail    answers with isError and the argument text
//	size    answers with a text of the argument bytes
//	sleep   answers after the argument ms
//	hang    never answers
//	print   writes the argument raw to stdout, and answers
//	complain writes the argument text to stderr, and answers
//	environ answers with the server's environment, one variable a line
//	exit    ends the process with the argument code, unanswered
func Serve() int {
	lines := bufio.NewReaderSize(os.Stdin, 64<<10)
	for {
		text, err := lines.ReadBytes('\n')
		if len(text) > 0 {
			var m Message
			if json.Unmarshal(text, &m) != nil {
				send(Message{ID: json.RawMessage("null"), Error: &Error{-32700, "parse error"}})
			} else if m.ID != nil && m.Method != "" {
				if code, end := answer(m); end {
					return code
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return 0
		}
		if err != nil {
			return 1
		}
	}
}

func send(m Message) { _, _ = io.WriteString(os.Stdout, line(m)) } // a client that is gone closes our input too

// answer answers a request, or says that the process is to end.
func answer(m Message) (code int, end bool) {
	var p struct {
		ProtocolVersion, Name, URI string
		Arguments                  arguments
	}
	_ = json.Unmarshal(m.Params, &p) // what is not there is empty
	reply := Message{ID: m.ID}
	switch m.Method {
	case "initialize":
		reply.Result = raw(Object{
			"protocolVersion": p.ProtocolVersion, "capabilities": Object{"tools": Object{}},
			"serverInfo": Object{"name": "mcptest-server", "version": "4.5.6"},
		})
	case "ping":
		reply.Result = raw(Object{})
	case "resources/read":
		reply.Result = raw(Object{"contents": []Object{{"uri": p.URI, "text": "content"}}})
	case "tools/call":
		switch p.Name {
		case "exit":
			return p.Arguments.Code, true
		case "hang":
			return 0, false
		}
		reply.Result, reply.Error = tool(p.Name, p.Arguments)
	default:
		reply.Error = &Error{-32601, "method not found"}
	}
	send(reply)
	return 0, false
}

type arguments struct {
	Text, Raw       string
	Bytes, Code, Ms int
}

func tool(name string, a arguments) (json.RawMessage, *Error) {
	text, failed := a.Text, false
	switch name {
	case "echo":
	case "fail":
		failed = true
	case "size":
		text = strings.Repeat("x", a.Bytes)
	case "sleep":
		time.Sleep(time.Duration(a.Ms) * time.Millisecond)
	case "print":
		_, _ = io.WriteString(os.Stdout, a.Raw) // as send
	case "complain":
		fmt.Fprintln(os.Stderr, a.Text)
	case "environ":
		text = strings.Join(os.Environ(), "\n")
	default:
		return nil, &Error{-32602, "unknown tool: " + name}
	}
	result := Object{"content": []Object{{"type": "text", "text": text}}}
	if failed {
		result["isError"] = true
	}
	return raw(result), nil
}

// Text is the text that a tool's answer holds.
func (m Message) Text() string {
	var result struct{ Content []struct{ Text string } }
	if json.Unmarshal(m.Result, &result) != nil || len(result.Content) == 0 {
		return ""
	}
	return result.Content[0].Text
}

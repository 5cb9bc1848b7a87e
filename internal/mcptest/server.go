package mcptest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Serve runs an MCP server on the process's standard streams until the end of its input, and returns the exit code.
// Its tools are
//
//	echo     answers with the argument text
//	fail     answers with isError and the argument text
//	size     answers with a text of the argument bytes (see sizeCall)
//	sleep    answers after the argument ms
//	hang     never answers
//	print    writes the argument raw to stdout, then answers
//	complain writes the argument text to stderr, then answers
//	environ  answers with the server's environment, one variable per line
//	pid      answers with the server's process id
//	exit     ends the process with the argument code, without a response
func Serve() int { return ServeOffers("") }

// ServeOffers runs the server of Serve, which also lists what is in a file of JSON at that moment, see offers. So a test
// changes what a server offers by writing the file.
func ServeOffers(file string) int {
	s := &server{in: bufio.NewReaderSize(os.Stdin, 64<<10), out: bufio.NewWriterSize(os.Stdout, 64<<10), file: file}
	for {
		line, err := s.in.ReadSlice('\n')
		if id, size, ok := sizeCall(line); ok {
			for errors.Is(err, bufio.ErrBufferFull) { // the rest of the line is not needed
				_, err = s.in.ReadSlice('\n')
			}
			s.writeSize(id, size)
		} else {
			text := slices.Clone(line)
			for errors.Is(err, bufio.ErrBufferFull) {
				line, err = s.in.ReadSlice('\n')
				text = append(text, line...)
			}
			if code, exit := s.message(text); exit {
				return code
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

// server is the state of Serve. Each response is flushed with one write: a client that measures latency waits for it.
type server struct {
	in   *bufio.Reader
	out  *bufio.Writer
	file string // of offers; empty: it lists nothing
}

// offers is what a server offers.
type offers struct {
	Tools        []json.RawMessage `json:"tools"`
	Prompts      []json.RawMessage `json:"prompts"`
	Instructions string            `json:"instructions"`
	Page         int               `json:"page"` // tools on a page; 0: all
}

// offers reads the file. One that is missing offers nothing.
func (s *server) offers() (o offers) {
	text, err := os.ReadFile(s.file)
	if err == nil {
		_ = json.Unmarshal(text, &o) // a test's mistake shows as a list without elements
	}
	return o
}

// tools returns the page of the tools that a cursor, which is the number of the first one, asks for.
func (o *offers) tools(cursor string) Object {
	from, _ := strconv.Atoi(cursor) // none: the first
	from = min(from, len(o.Tools))
	to := len(o.Tools)
	if o.Page > 0 {
		to = min(from+o.Page, to)
	}
	result := Object{"tools": append([]json.RawMessage{}, o.Tools[from:to]...)}
	if to < len(o.Tools) {
		result["nextCursor"] = strconv.Itoa(to)
	}
	return result
}

// sizeHead is how many bytes of a line may precede the arguments of the tool size.
const sizeHead = 512

// sizeCall returns the id, as written, and the argument bytes of a call of the tool size. It reads only the first bytes of
// the line, because benchmarks call this tool with lines of up to a GiB and must not measure this server's JSON decoder.
func sizeCall(line []byte) (id []byte, size int, ok bool) {
	head := line[:min(len(line), sizeHead)]
	if !bytes.Contains(head, []byte(`"name":"size"`)) {
		return nil, 0, false
	}
	id, hasID := member(head, `"id":`)
	number, _ := member(head, `"bytes":`)
	size, _ = strconv.Atoi(string(number)) // without the argument the text is empty
	return bytes.Clone(id), size, hasID    // the line's buffer is reused
}

// member returns the number or the string without a comma that follows key.
func member(text []byte, key string) ([]byte, bool) {
	_, rest, found := bytes.Cut(text, []byte(key))
	end := bytes.IndexAny(rest, ",}")
	if !found || end < 0 {
		return nil, false
	}
	return rest[:end], true
}

// filler is what the responses of the tool size consist of.
var filler = bytes.Repeat([]byte("x"), 64<<10)

// writeSize writes the same response as message would, without holding it in memory. A client that is gone closes the
// server's input too, so write errors need no handling, here and below.
func (s *server) writeSize(id []byte, size int) {
	_, _ = s.out.WriteString(`{"jsonrpc":"2.0","id":`)
	_, _ = s.out.Write(id)
	_, _ = s.out.WriteString(`,"result":{"content":[{"text":"`)
	for size > 0 {
		n, _ := s.out.Write(filler[:min(size, len(filler))])
		if n == 0 {
			return
		}
		size -= n
	}
	_, _ = s.out.WriteString("\",\"type\":\"text\"}]}}\n")
	_ = s.out.Flush()
}

func (s *server) send(m Message) {
	_, _ = s.out.WriteString(line(m))
	_ = s.out.Flush()
}

// message handles a line, and reports whether the process is to exit, and with which code.
func (s *server) message(text []byte) (code int, exit bool) {
	if len(text) == 0 {
		return 0, false
	}
	var m Message
	if json.Unmarshal(text, &m) != nil {
		s.send(Message{ID: json.RawMessage("null"), Error: &Error{-32700, "parse error"}})
		return 0, false
	}
	if m.ID == nil || m.Method == "" {
		return 0, false // a notification, or a response
	}
	var p struct {
		ProtocolVersion, Name, URI, Cursor string
		Arguments                          arguments
	}
	_ = json.Unmarshal(m.Params, &p) // missing members stay empty
	reply := Message{ID: m.ID}
	switch m.Method {
	case "initialize":
		result := Object{
			"protocolVersion": p.ProtocolVersion, "capabilities": Object{"tools": Object{}},
			"serverInfo": Object{"name": "mcptest-server", "version": "4.5.6"},
		}
		if o := s.offers(); o.Instructions != "" {
			result["instructions"] = o.Instructions
		}
		reply.Result = raw(result)
	case "ping":
		reply.Result = raw(Object{})
	case "tools/list", "prompts/list":
		if s.file == "" {
			reply.Error = &Error{-32601, "method not found"}
			break
		}
		o := s.offers()
		reply.Result = raw(Object{"prompts": append([]json.RawMessage{}, o.Prompts...)})
		if m.Method == "tools/list" {
			reply.Result = raw(o.tools(p.Cursor))
		}
	case "resources/read":
		reply.Result = raw(Object{"contents": []Object{{"uri": p.URI, "text": "content"}}})
	case "tools/call":
		switch p.Name {
		case "exit":
			return p.Arguments.Code, true
		case "hang":
			return 0, false
		}
		reply.Result, reply.Error = s.tool(p.Name, p.Arguments)
	default:
		reply.Error = &Error{-32601, "method not found"}
	}
	s.send(reply)
	return 0, false
}

type arguments struct {
	Text, Raw string
	Code, Ms  int
}

func (s *server) tool(name string, a arguments) (json.RawMessage, *Error) {
	text, failed := a.Text, false
	switch name {
	case "echo":
	case "fail":
		failed = true
	case "sleep":
		time.Sleep(time.Duration(a.Ms) * time.Millisecond)
	case "print":
		_, _ = s.out.WriteString(a.Raw)
		_ = s.out.Flush()
	case "complain":
		fmt.Fprintln(os.Stderr, a.Text)
	case "environ":
		text = strings.Join(os.Environ(), "\n")
	case "pid":
		text = strconv.Itoa(os.Getpid())
	default:
		return nil, &Error{-32602, "unknown tool: " + name}
	}
	result := Object{"content": []Object{{"type": "text", "text": text}}}
	if failed {
		result["isError"] = true
	}
	return raw(result), nil
}

// Text returns the text of a tool's response, or "".
func (m Message) Text() string {
	var result struct{ Content []struct{ Text string } }
	if json.Unmarshal(m.Result, &result) != nil || len(result.Content) == 0 {
		return ""
	}
	return result.Content[0].Text
}

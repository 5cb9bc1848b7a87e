//go:build unix

package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

//go:embed server/server.c
var serverSource []byte

// headSize is how much of a line the server keeps.
const headSize = 511

// compile makes the server that everything is measured with, and says in which language. A Go server would be as good, but
// for its runtime's threads, which compete with the client's and the wrapper's for the cores.
func compile(ctx context.Context, cc, dir string) (command []string, language string, err error) {
	if cc != "" {
		if _, err := exec.LookPath(cc); err == nil {
			source, binary := filepath.Join(dir, "server.c"), filepath.Join(dir, "server")
			if err := os.WriteFile(source, serverSource, 0o600); err != nil {
				return nil, "", err
			}
			out, err := exec.CommandContext(ctx, cc, "-O2", "-o", binary, source).CombinedOutput()
			if err != nil {
				return nil, "", fmt.Errorf("compiling the server: %w: %s", err, out)
			}
			return []string{binary}, "C", nil
		}
	}
	self, err := os.Executable()
	return []string{self, roleServer}, "Go", err
}

// server is server.c in Go.
type server struct {
	out  io.Writer
	head []byte
	buf  []byte
}

func serve(in io.Reader, out io.Writer) error {
	s := &server{out: out, buf: make([]byte, 0, 64<<10)}
	chunk := make([]byte, 64<<10)
	for {
		n, err := in.Read(chunk)
		for p := chunk[:n]; len(p) > 0; {
			line, rest, whole := bytes.Cut(p, []byte("\n"))
			s.head = append(s.head, line[:min(len(line), headSize-len(s.head))]...)
			if !whole {
				break
			}
			if err := s.answer(); err != nil {
				return err
			}
			s.head, p = s.head[:0], rest
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (s *server) answer() error {
	id, isRequest := number(s.head, `"id":`)
	if !isRequest {
		return nil
	}
	left, _ := number(s.head, `"bytes":`)
	end := "\"}]}}\n"
	if bytes.Contains(s.head, []byte(`"initialize"`)) {
		s.buf = fmt.Appendf(s.buf[:0], `{"jsonrpc":"2.0","id":%d,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},`+
			`"serverInfo":{"name":"bench","version":"1"},"instructions":"pid %d;`, id, os.Getpid())
		end = "\"}}\n"
	} else {
		s.buf = fmt.Appendf(s.buf[:0], `{"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"`, id)
	}
	for left > 0 {
		now := min(left, cap(s.buf)-len(s.buf))
		s.buf = append(s.buf, bytes.Repeat([]byte("A"), now)...)
		left -= now
		if len(s.buf) == cap(s.buf) {
			if _, err := s.out.Write(s.buf); err != nil {
				return err
			}
			s.buf = s.buf[:0]
		}
	}
	if _, err := s.out.Write(append(s.buf, end...)); err != nil {
		return err
	}
	return nil
}

// number reads the number behind a key.
func number(line []byte, key string) (int, bool) {
	_, rest, ok := bytes.Cut(line, []byte(key))
	if !ok {
		return 0, false
	}
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(string(rest[:end]))
	return n, err == nil
}

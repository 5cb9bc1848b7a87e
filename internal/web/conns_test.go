package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/web"
)

// listening serves a server on a port of this machine, and returns its address.
func listening(t *testing.T, s *web.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Stop(time.Minute)
		if err := <-ended; err == nil {
			t.Error("Serve ended before Stop")
		}
	})
	return l.Addr().String()
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// request sends a request on a connection, and returns the status.
func request(t *testing.T, c net.Conn, target, header string) int {
	t.Helper()
	_, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target, ours, header)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	if _, err := io.Copy(io.Discard, reply.Body); err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode
}

// TestCrowd: another user who opens connections without end keeps neither a page out that is connected nor a new one.
func TestCrowd(t *testing.T) {
	s, _ := newServer(t)
	addr := listening(t, s)
	token := "Authorization: Bearer " + s.Token() + "\r\n"
	page := dial(t, addr)
	if status := request(t, page, "/api/v1/nope", token); status != http.StatusNotFound {
		t.Fatalf("status %d", status)
	}
	var others []net.Conn
	for range 3 * web.MostConns {
		others = append(others, dial(t, addr))
	}
	if status := request(t, dial(t, addr), "/", ""); status != http.StatusOK {
		t.Errorf("a new page: status %d", status)
	}
	if status := request(t, page, "/api/v1/nope", token); status != http.StatusNotFound {
		t.Errorf("the page that was there: status %d", status)
	}
	for i, c := range others[:2*web.MostConns] { // the oldest have made room
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("connection %d is open, and has sent something", i)
		}
	}
}

// TestSlowHeader: a request whose header does not end is given up.
func TestSlowHeader(t *testing.T) {
	s, _ := newServer(t)
	s.SetHeaderWithin(10 * time.Millisecond)
	c := dial(t, listening(t, s))
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: "+ours+"\r\nX-Slow: "); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(c); err != nil && !strings.Contains(err.Error(), "reset") || strings.Contains(string(text), "200") {
		t.Errorf("%q, %v", text, err)
	}
}

// TestLargeHeader: a request with a large header is refused.
func TestLargeHeader(t *testing.T) {
	s, _ := newServer(t)
	addr := listening(t, s)
	if status := request(t, dial(t, addr), "/", "X-Large: "+strings.Repeat("A", 30_000)+"\r\n"); status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", status)
	}
	if status := request(t, dial(t, addr), "/", "X-Large: "+strings.Repeat("A", 3000)+"\r\n"); status != http.StatusOK {
		t.Errorf("a smaller one: status %d", status)
	}
}

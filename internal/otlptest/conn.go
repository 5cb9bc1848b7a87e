package otlptest

import (
	"context"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
)

// ConnFault is what a receiver does with a connection before it reads a request.
type ConnFault uint8

// The faults of a connection.
const (
	Serve       ConnFault = iota // read requests from it
	Mute                         // accept it, read everything, and never write a byte
	Close                        // accept it and close it
	GarbageConn                  // answer with bytes that are neither HTTP/1 nor HTTP/2, then close it
)

// RefusedAddr returns an address of the loopback interface on which nothing listens, so that connections are refused. A
// later Start may use it.
func RefusedAddr(t testing.TB) string {
	t.Helper()
	host := "127.0.0.1"
	if runtime.GOOS == "linux" { // all of 127/8 is loopback there: no other test gets this port when it asks for a free one
		host = "127.0.0.2"
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", host+":0")
	if err != nil {
		t.Fatalf("otlptest: looking for a free port: %v", err)
	}
	addr := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatalf("otlptest: freeing a port: %v", err)
	}
	return addr
}

// listener tracks its connections, so that Cut can close one under the server that uses it. With a fault it handles them
// itself and accepts none.
type listener struct {
	net.Listener
	fault   ConnFault
	table   connTable
	serving sync.WaitGroup
}

func newListener(inner net.Listener, fault ConnFault) *listener {
	return &listener{Listener: inner, fault: fault, table: connTable{open: make(map[string]net.Conn)}}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		tracked := &trackedConn{Conn: conn, table: &l.table}
		l.table.add(tracked)
		if l.fault == Serve {
			return tracked, nil
		}
		// Ends when the client closes the connection or the table does; Close waits.
		l.serving.Go(func() { misbehave(tracked, l.fault) })
	}
}

// Close implements net.Listener.
func (l *listener) Close() error {
	err := l.Listener.Close()
	if l.fault != Serve {
		l.table.closeAll()
	}
	l.serving.Wait()
	return err
}

func misbehave(conn net.Conn, fault ConnFault) {
	switch fault {
	case Mute:
		_, _ = io.Copy(io.Discard, conn)
	case GarbageConn:
		_, _ = io.WriteString(conn, "\x00\xff220 mail ready, go ahead\r\n\r\n")
	case Serve, Close:
	}
	_ = conn.Close()
}

// connTable holds the open connections of a listener by their remote address.
type connTable struct {
	mu   sync.Mutex
	open map[string]net.Conn
}

func (t *connTable) add(conn net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open[conn.RemoteAddr().String()] = conn
}

func (t *connTable) remove(conn net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, conn.RemoteAddr().String())
}

// close closes the connection from a remote address, if it is still open.
func (t *connTable) close(remote string) {
	t.mu.Lock()
	conn := t.open[remote]
	t.mu.Unlock()
	if conn != nil {
		_ = conn.Close()
	}
}

func (t *connTable) closeAll() {
	t.mu.Lock()
	conns := make([]net.Conn, 0, len(t.open))
	for _, conn := range t.open {
		conns = append(conns, conn)
	}
	t.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close()
	}
}

// trackedConn leaves the table when it is closed.
type trackedConn struct {
	net.Conn
	table *connTable
}

// Close implements net.Conn.
func (c *trackedConn) Close() error {
	c.table.remove(c)
	return c.Conn.Close()
}

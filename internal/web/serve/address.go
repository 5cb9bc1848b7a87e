package serve

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// AddressError is the error of an address that cannot be listened on.
type AddressError struct{ Text, Hint string }

func (e *AddressError) Error() string { return e.Text }

// Listen listens on an address of this machine, host:port. Other machines can reach it only if remote is true.
func Listen(addr string, remote bool) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, &AddressError{strconv.Quote(addr) + " is not an address: want host:port", "for example 127.0.0.1:7777; port 0 is any that is free"}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return nil, &AddressError{strconv.Quote(port) + " is not a port: want 0 to 65535, where 0 is any that is free", ""}
	}
	if !remote && !isLoopback(host) {
		return nil, &AddressError{addr + " can be reached from other machines",
			"for this machine alone: 127.0.0.1:" + port + "; from another one: ssh -L, see docs/ui.md; or add --allow-remote"}
	}
	if host == "localhost" { // as a resolver might not say
		host = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, &AddressError{fmt.Sprintf("cannot listen on %s: %v", addr, cause(err)), "another port, or 0 for any that is free: --addr " + net.JoinHostPort(host, "0")}
	}
	return l, nil
}

// isLoopback reports whether a host is this machine alone. Names other than localhost are whatever a resolver says.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// hosts returns what the header Host of a request may be, for a listener on an address that was given as addr.
func hosts(l net.Addr, addr string) []string {
	_, port, _ := net.SplitHostPort(l.String())
	names := []string{"127.0.0.1", "localhost", "::1"}
	named, _, _ := net.SplitHostPort(addr)
	if named != "" {
		names = append(names, named)
	}
	tcp, ok := l.(*net.TCPAddr)
	if ok {
		names = append(names, tcp.IP.String())
	}
	if ok && tcp.IP.IsUnspecified() { // all addresses of the machine, and its name
		own, _ := net.InterfaceAddrs()
		for _, a := range own {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil {
				names = append(names, prefix.Addr().WithZone("").String())
			}
		}
		if name, err := os.Hostname(); err == nil {
			names = append(names, name)
		}
	}
	all := make([]string, 0, 2*len(names))
	for _, name := range names {
		all = append(all, net.JoinHostPort(name, port))
		if port == "80" { // browsers leave it out
			all = append(all, bracketed(name))
		}
	}
	return all
}

func bracketed(name string) string {
	if ip, err := netip.ParseAddr(name); err == nil && ip.Is6() {
		return "[" + name + "]"
	}
	return name
}

// place returns where the page is.
func place(l net.Addr, addr string) Place {
	host, port, _ := net.SplitHostPort(l.String())
	named, _, _ := net.SplitHostPort(addr)
	p := Place{Remote: !isLoopback(host)}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "127.0.0.1" // for this machine; others take its name
		if named == "::" {
			host = "::1"
		}
	} else if p.Remote {
		host = named // as the user knows it
	}
	p.Origin = "http://" + net.JoinHostPort(host, port)
	return p
}

// Tunnel returns the command with which another machine gets the page at a port of its own.
func (p Place) Tunnel() string {
	at := strings.TrimPrefix(p.Origin, "http://")
	_, port, _ := net.SplitHostPort(at)
	return "ssh -L " + port + ":" + at + " this-machine"
}

// cause returns the error of the system within one of package net, which repeats the address.
func cause(err error) error {
	if op, ok := err.(*net.OpError); ok { //nolint:errorlint // the outermost one
		err = op.Err
	}
	if call, ok := err.(*os.SyscallError); ok { //nolint:errorlint // what it wraps
		return call.Err
	}
	return err
}

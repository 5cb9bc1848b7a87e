package serve_test

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/web"
	"github.com/spanpipe/spanpipe/internal/web/serve"
)

// resolved is the result of a name that a resolver would be asked for.
const resolved = "whatever a resolver says"

// TestListen: an address is of this machine alone unless other machines are allowed.
func TestListen(t *testing.T) {
	for _, tt := range []struct {
		addr, remote, want string // the error, without --allow-remote and with it; empty if it is listened on
		hint               string
	}{
		{addr: "127.0.0.1:0"},
		{addr: "127.0.0.2:0"},
		{addr: "localhost:0"},
		{addr: "0.0.0.0:0", want: "can be reached from other machines", hint: "127.0.0.1:0"},
		{addr: ":0", want: "can be reached from other machines", hint: "--allow-remote"},
		{addr: "[::]:0", want: "can be reached from other machines"},
		{addr: "192.0.2.1:0", want: "can be reached from other machines", remote: "cannot listen on 192.0.2.1:0: "},
		{addr: "localhost.example.:0", want: "can be reached from other machines", remote: resolved},
		{addr: "127.0.0.1.example:0", want: "can be reached from other machines", remote: resolved},
		{addr: "127.0.0.1", want: `"127.0.0.1" is not an address`, remote: "is not an address", hint: "127.0.0.1:7777"},
		{addr: "7777", want: "is not an address", remote: "is not an address"},
		{addr: "", want: `"" is not an address`, remote: "is not an address"},
		{addr: "::1:0", want: "is not an address", remote: "is not an address"},
		{addr: "127.0.0.1:", want: `"" is not a port`, remote: "is not a port"},
		{addr: "127.0.0.1:http", want: "is not a port", remote: "is not a port"},
		{addr: "127.0.0.1:70000", want: "is not a port", remote: "is not a port"},
		{addr: "127.0.0.1:+1", want: "is not a port", remote: "is not a port"},
	} {
		if runtime.GOOS == "darwin" && tt.addr == "127.0.0.2:0" { // has no such address unless it is configured
			continue
		}
		for remote, want := range map[bool]string{false: tt.want, true: tt.remote} {
			if want == resolved {
				continue
			}
			l, err := serve.Listen(tt.addr, remote)
			if err == nil {
				_ = l.Close()
			}
			refused, _ := errors.AsType[*serve.AddressError](err)
			switch {
			case want == "" && err == nil:
			case want == "" || err == nil || refused == nil || !strings.Contains(err.Error(), want) || strings.ContainsAny(err.Error(), "\n"):
				t.Errorf("%q, remote %v: error %v, want %q", tt.addr, remote, err, want)
			case !remote && !strings.Contains(refused.Hint, tt.hint):
				t.Errorf("%q: hint %q, want %q in it", tt.addr, refused.Hint, tt.hint)
			}
		}
	}
}

// TestListenTaken: a port that another program has is reported with what to do.
func TestListenTaken(t *testing.T) {
	l, err := serve.Listen("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	other, err := serve.Listen(l.Addr().String(), false)
	refused, ok := errors.AsType[*serve.AddressError](err)
	if !ok || !strings.HasPrefix(refused.Text, "cannot listen on "+l.Addr().String()+": ") || !strings.HasSuffix(refused.Hint, "--addr 127.0.0.1:0") {
		t.Errorf("%v, error %+v", other, err)
	}
}

// TestHosts: requests may name the address that is listened on, and those of this machine.
func TestHosts(t *testing.T) {
	for _, tt := range []struct {
		listens, addr string
		want, not     []string
		origin        string
		remote        bool
	}{
		{
			"127.0.0.1:7777", "127.0.0.1:0", []string{"127.0.0.1:7777", "localhost:7777", "[::1]:7777"},
			[]string{"127.0.0.1", "127.0.0.1:0", "0.0.0.0:7777", "192.0.2.1:7777"}, "http://127.0.0.1:7777", false,
		},
		{"[::1]:7777", "[::1]:7777", []string{"[::1]:7777", "localhost:7777"}, []string{"::1:7777"}, "http://[::1]:7777", false},
		{"127.0.0.1:80", "localhost:80", []string{"localhost", "127.0.0.1", "[::1]", "localhost:80"}, nil, "http://127.0.0.1:80", false},
		{"192.0.2.7:7777", "box.example:7777", []string{"box.example:7777", "192.0.2.7:7777"}, nil, "http://box.example:7777", true},
		{"[::]:7777", "[::]:7777", nil, []string{"evil.example:7777"}, "http://[::1]:7777", true},
		{"[::]:7777", ":7777", nil, []string{":7777"}, "http://127.0.0.1:7777", true},
	} {
		l := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(tt.listens))
		hosts := serve.Hosts(l, tt.addr)
		for _, h := range tt.want {
			if !slices.Contains(hosts, h) {
				t.Errorf("%s: %s is refused; %v", tt.listens, h, hosts)
			}
		}
		for _, h := range tt.not {
			if slices.Contains(hosts, h) {
				t.Errorf("%s: %s is accepted", tt.listens, h)
			}
		}
		p := serve.PlaceOf(l, tt.addr)
		if p.Origin != tt.origin || p.Remote != tt.remote {
			t.Errorf("%s of %s: %+v, want %s", tt.listens, tt.addr, p, tt.origin)
		}
		h := strings.TrimPrefix(p.Origin, "http://")
		if got, want := p.Tunnel(), "ssh -L "+tt.listens[strings.LastIndexByte(tt.listens, ':')+1:]+":"+h+" this-machine"; got != want {
			t.Errorf("%s: %q, want %q", tt.listens, got, want)
		}
		if !slices.Contains(hosts, h) {
			t.Errorf("%s: its own address %s is refused", tt.listens, h)
		}
	}
}

// TestHostsOfMachine: where all addresses are listened on, each of the machine is one.
func TestHostsOfMachine(t *testing.T) {
	hosts := serve.Hosts(&net.TCPAddr{IP: net.IPv6unspecified, Port: 7777}, ":7777")
	own, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range own {
		if ip, _, err := net.ParseCIDR(a.String()); err == nil && !slices.Contains(hosts, net.JoinHostPort(ip.String(), "7777")) {
			t.Errorf("%s is refused; %v", ip, hosts)
		}
	}
}

// TestLinkFile: the file is the user's alone, and its path has nothing of the code.
func TestLinkFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet")
	const url = `http://127.0.0.1:7777/#code=abc&"<x>`
	path, err := serve.WriteLink(dir, url)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), "http://127.0.0.1:7777/#code=abc&amp;&#34;&lt;x&gt;") != 2 || strings.Contains(string(text), "<script") {
		t.Errorf("%s", text)
	}
	if strings.Contains(path, "abc") || filepath.Dir(path) != dir {
		t.Errorf("path %s", path)
	}
	if runtime.GOOS == "windows" { // has no such permissions
		return
	}
	for name, want := range map[string]os.FileMode{path: 0o600, dir: 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
}

// TestSweep: what a killed run has left is removed, and nothing else.
func TestSweep(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	for name, age := range map[string]time.Duration{
		"ui-1.html": web.CodeAge + time.Second, "ui-2.html": time.Second, "ui-3.txt": time.Hour, "key": time.Hour, "my-ui-4.html": time.Hour,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	serve.Sweep(dir, now)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{"key", "my-ui-4.html", "ui-2.html", "ui-3.txt"}; !slices.Equal(left, want) {
		t.Errorf("left: %v, want %v", left, want)
	}
	serve.Sweep(filepath.Join(dir, strconv.Itoa(1)), now) // a store that does not exist
}

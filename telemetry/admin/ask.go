package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/lockfile"
)

// maxAnswer bounds what is read of an answer: any program may listen at an address.
const maxAnswer = 64 << 10

// Ask asks the session at an address, in the form of Listen, for the report of a health page. An error that wraps
// ErrNoAnswer means that no process answers there; another one, that it does not answer as a session would.
func Ask(ctx context.Context, address, path string) (Report, error) {
	network := "tcp"
	if socket, isUnix := strings.CutPrefix(address, "unix:"); isUnix || strings.HasPrefix(address, "/") {
		network, address = "unix", socket
	} else if name, port, err := net.SplitHostPort(address); err == nil && everywhere(name) {
		address = net.JoinHostPort("localhost", port) // where one that listens on all addresses is reached
	}
	transport := &http.Transport{
		Proxy: nil, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	defer transport.CloseIdleConnections()
	// A page on loopback refuses other names, also that of this machine, which may stand for a loopback address.
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return Report{}, fmt.Errorf("asking %s: %w", address, err)
	}
	request.Header.Set("Accept", "application/json")
	response, err := transport.RoundTrip(request)
	if err != nil {
		if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" && !op.Timeout() {
			return Report{}, fmt.Errorf("%w at %s: %w", ErrNoAnswer, address, op.Err)
		}
		return Report{}, fmt.Errorf("asking %s: %w", address, unwrapped(err))
	}
	defer func() { _ = response.Body.Close() }()
	var report Report
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&report); err != nil || report.Status == "" {
		return Report{}, fmt.Errorf("the answer of %s is not a session's (%s)", address, response.Status)
	}
	return report, nil
}

// everywhere reports whether a host stands for all addresses of a machine.
func everywhere(host string) bool { return slices.Contains([]string{"", "0.0.0.0", "::"}, host) }

// Same reports whether an address of a setting, in the form of Listen, is that of a session which listed itself at another:
// one at all addresses, or at localhost, lists one of these.
func Same(setting, listed string) bool {
	host, port, err := net.SplitHostPort(setting)
	there, listedPort, listedErr := net.SplitHostPort(listed)
	if err != nil || listedErr != nil || port != listedPort || !everywhere(host) && host != "localhost" {
		return setting == listed
	}
	ip := net.ParseIP(there)
	return there == "localhost" || ip != nil && ip.IsLoopback()
}

// ErrNoAnswer is the error of Ask for an address at which no process listens.
var ErrNoAnswer = errors.New("no session answers")

// unwrapped returns the error of the system within one of package net, which repeats the address.
func unwrapped(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}

// Targets returns the addresses that the sessions which are running have listed in a directory, see Announce.
func Targets(dir string) (addresses []string) {
	entries, _ := os.ReadDir(dir) // none: no session has listed any
	for _, e := range entries {
		name := ours.FindStringSubmatch(e.Name())
		if name == nil || name[2] != ".json" || lockfile.Look(filepath.Join(dir, name[1]+".lock")) == lockfile.Free {
			continue
		}
		text, _ := os.ReadFile(filepath.Join(dir, e.Name())) // it has just been removed
		var groups []group
		if json.Unmarshal(text, &groups) != nil {
			continue
		}
		for _, g := range groups {
			addresses = append(addresses, g.Targets...)
		}
	}
	return addresses
}

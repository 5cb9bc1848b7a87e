package cmd_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/recording"
)

// TestPeersRecord: what spanpipe records of real clients and servers, in both eras of the protocol, is what another recorder in
// front of it has seen, byte for byte. Each start of a client has its own file.
func TestPeersRecord(t *testing.T) {
	p := newPeers(t)
	for name, c := range map[string]conversation{
		"with a handshake":    {client: []string{p.node, p.script("client1.mjs"), "everything"}, server: p.server("server-everything")},
		"without a handshake": {client: []string{p.node, p.script("client2.mjs"), "2026-07-28"}, server: []string{p.node, p.script("server2.mjs")}},
		"after a probe":       {client: []string{p.node, p.script("client2.mjs"), "auto"}, server: p.server("server-everything")},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			got := c.run(t, p, wrapping{command: []string{binary(t), "record", "-o", filepath.Join(dir, "{time}.jsonl"), "--"}})
			files, err := filepath.Glob(filepath.Join(dir, "*.jsonl")) // in the order of their times
			if err != nil || len(files) != len(got.sessions) {
				t.Fatalf("%d recordings of %d sessions: %v", len(files), len(got.sessions), err)
			}
			for i, name := range files {
				file, err := os.Open(name)
				if err != nil {
					t.Fatal(err)
				}
				r, err := recording.Read(file)
				_ = file.Close()
				if err != nil {
					t.Fatal(err)
				}
				for side, want := range map[recording.Side][]string{
					recording.Client: got.sessions[i].in, recording.Server: got.sessions[i].out,
				} {
					if d := difference(strings.Join(want, ""), spoken(r, side)); spoken(r, side) != strings.Join(want, "") {
						t.Errorf("%s: %s", side, d)
					}
				}
				for _, line := range r.Lines() {
					if line.Data[0] != '{' {
						t.Errorf("a line that is no message: %q", line.Data)
					}
				}
				if len(r.Lines()) < 2 || r.Lost() != 0 {
					t.Errorf("%d lines, %d bytes lost", len(r.Lines()), r.Lost())
				}
			}
		})
	}
}

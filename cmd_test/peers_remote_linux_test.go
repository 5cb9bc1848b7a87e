package cmd_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPeersRemote runs the recipe of docs/clients.md for a server that has a URL: a bridge makes it a local one. It runs where there is no
// other network, so that the port is free.
func TestPeersRemote(t *testing.T) {
	p := newPeers(t)
	remote := filepath.Join(peerPath(t, peerClients), "node_modules/mcp-remote/dist/proxy.js")
	home := newHome(t)
	const script = `ip link set lo up
"$1" "$2" streamableHttp >server.log 2>&1 & server=$!
until grep -q 'listening on port' server.log; do kill -0 $server || exit 98; sleep 0.1; done
"$3" try --timeout 5m --result --call echo --arguments '{"message":"from afar"}' --json -- "$1" "$4" http://127.0.0.1:3001/mcp
status=$?
kill $server
exit $status`
	line := append(namespace(t, "-rn", "true"), "sh", "-c", script, "sh",
		p.node, filepath.Join(p.packages, "@modelcontextprotocol/server-everything/dist/index.js"), binary(t), remote)
	cmd := exec.Command(line[0], line[1:]...)
	home.in("SPANPIPE_TELEMETRY=local", "PORT=3001")(cmd)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, stderr.Bytes())
	}
	var visit struct {
		Server struct{ Name string }
		Call   struct {
			Outcome string
			Result  struct{ Content []struct{ Text string } }
		}
	}
	if err := json.Unmarshal(out, &visit); err != nil {
		t.Fatal(err)
	}
	result := visit.Call.Result.Content
	if visit.Server.Name != "mcp-servers/everything" || visit.Call.Outcome != "ok" || len(result) != 1 || result[0].Text != "Echo: from afar" {
		t.Errorf("%s", out)
	}
}

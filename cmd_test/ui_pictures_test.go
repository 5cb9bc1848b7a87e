package cmd_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// TestPeersUIPictures takes the pictures of the README and of docs/ui.md: of each view, with sessions of real servers, in both color
// schemes. SPANPIPE_TEST_PICTURES names the directory they go to. It takes a while, for something has to happen in the sessions.
func TestPeersUIPictures(t *testing.T) {
	dir := os.Getenv("SPANPIPE_TEST_PICTURES")
	if dir == "" {
		t.Skip("SPANPIPE_TEST_PICTURES does not name a directory for the pictures of the docs")
	}
	d := newDesk(t)
	d.before()
	d.work()
	u, c := startPage(t, d.place, d.dir), newChromium(t)
	b := c.view(u, "/sessions")
	for _, place := range d.places(b) {
		if place.name == "run" || place.name == "clients" || place.name == "tool" || place.name == "definition" {
			continue // the picture of what is beside it shows it, too, or that of the view does
		}
		b.resize(1400, 900, "light")
		b.visit(place.path)
		b.shows(place.texts[0])
		if place.name == "operation" {
			b.press("G", "N", "Enter") // the call that hangs is the last that is not ok
			b.await(`document.querySelector("#panel").innerText.includes("hung")`)
			time.Sleep(time.Second)
			b.press("k", "j") // into sight, now that all there is stands below the operations
		}
		for _, scheme := range []string{"light", "dark"} {
			b.resize(1400, 900, scheme)
			time.Sleep(time.Second) // what moves has come to rest
			b.screenshot(filepath.Join(dir, fmt.Sprintf("ui-%s-%s.png", place.name, scheme)))
		}
	}
	b.wantClean(u.origin)
}

// before has sessions of other clients, which have ended.
func (d *desk) before() {
	d.t.Helper()
	env := map[string]string{"SPANPIPE_TELEMETRY": "local", "SPANPIPE_DIR": d.dir}
	for _, topic := range []string{"memory", "everything", "memory"} {
		conversation{
			client: []string{d.peers.node, d.peers.script("client1.mjs"), topic}, server: d.peers.server("server-" + topic),
			env: map[string]string{"MEMORY_FILE_PATH": filepath.Join(d.t.TempDir(), "memory.json")},
		}.run(d.t, d.peers, withSpanpipe(d.t, env))
	}
	d.open(d.peers.server("server-filesystem", d.files)).end()
}

// work is what an agent does with several servers for a minute. In the end one call hangs, and a person is asked.
func (d *desk) work() {
	d.t.Helper()
	// Since the session before, a dependency of this server has been compromised: the description of a tool is another one.
	fs := d.open(d.peers.server("server-filesystem", d.files), "NODE_OPTIONS=--import=file://"+d.peers.script("rugpull.mjs"))
	ev := d.open(d.peers.server("server-everything"))
	mem, sdk := d.open(d.peers.server("server-memory")), d.open([]string{peerPath(d.t, peerConformant)})
	think := func(i int) { time.Sleep(time.Duration(200+i*7919%1700) * time.Millisecond) }
	for i := range 8 {
		fs.call("list_directory", mcptest.Object{"path": d.files})
		for k := range 2 + i%3 {
			name := []string{"monday.txt", "tuesday.txt", "wednesday.txt", "sunday.txt"}[(i+k)%4] // the last one does not exist
			fs.call("read_text_file", mcptest.Object{"path": filepath.Join(d.files, name)})
		}
		think(i)
		mem.call("create_entities", mcptest.Object{"entities": []mcptest.Object{
			{"name": fmt.Sprint("day ", i), "entityType": "note", "observations": []string{"nothing to report"}},
		}})
		mem.call("search_nodes", mcptest.Object{"query": "day"})
		ev.call("trigger-long-running-operation", mcptest.Object{"duration": 1, "steps": 3})
		think(i + 1)
		sdk.call([]string{"test_simple_text", "test_image_content", "test_error_handling", "test_tool_with_progress"}[i%4], nil)
		fs.call("write_file", mcptest.Object{"path": filepath.Join(d.files, "report.txt"), "content": "Three days, nothing to report.\n"})
		think(i + 2)
	}
	ev.begin("trigger-elicitation-request", nil)
	ev.question("elicitation/create")
	trouble := d.open(cast.As(d.t, "server"))
	trouble.call("fail", mcptest.Object{"text": "rate limit exceeded"})
	trouble.begin("sleep", mcptest.Object{"ms": 700})
	trouble.giveUp()
	trouble.answer()
	trouble.begin("hang", nil)
	time.Sleep(20 * time.Second) // until there are samples of what processes use
	fs.call("read_text_file", mcptest.Object{"path": filepath.Join(d.files, "monday.txt")})
}

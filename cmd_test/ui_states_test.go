package cmd_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// TestPeersUIEmpty: a store without sessions explains what to do next, and the first session, of the Go SDK's example of a server,
// appears by itself.
func TestPeersUIEmpty(t *testing.T) {
	d := newDesk(t)
	u, c := startPage(t, d.place, d.dir), newChromium(t)
	b := c.open(u.link())
	b.shows("No sessions yet", `"command": "spanpipe"`, "SPANPIPE_TELEMETRY=local spanpipe demo", d.dir)
	b.wantReadable(t, d.axe(), "empty")
	b.as(t, "copy", func(*testing.T) {
		eval[any](b, `{ navigator.clipboard.writeText = async (text) => { window.copied = text }; null }`) // there is no clipboard
		b.click("button.copy", "Copy")
		b.await(`(window.copied ?? "").includes('"SPANPIPE_TELEMETRY": "local"')`)
		b.shows("Copied")
	})
	b.as(t, "the first session", func(t *testing.T) {
		d.open([]string{peerPath(t, peerConformant)}).call("test_simple_text", nil)
		b.shows("mcp-conformance-test-server", "desk", "live")
		b.await(`!document.body.innerText.includes("No sessions yet")`)
	})
	b.wantClean(u.origin)
}

// TestPeersUIStates: where there is nothing to show, the page says why, with a way on.
func TestPeersUIStates(t *testing.T) {
	d := newDesk(t)
	d.memory()
	u, c, axe := startPage(t, d.place, d.dir), newChromium(t), d.axe()
	b := c.view(u, "/sessions")
	b.shows("memory-server")
	for _, state := range []struct {
		name, path string
		texts      []string
	}{
		{"nothing matches", "/sessions?q=server:nothing+status:ok", []string{"No session matches", "Remove server:nothing", "Clear the filter"}},
		{"no tool matches", "/tools?q=server:nothing", []string{"matches", "Clear the filter"}},
		{"nothing live matches", "/live?q=server:nothing", []string{"matches", "Clear the filter"}},
		{"nothing is live", "/live", []string{"Nothing is live", "spanpipe demo"}},
		{"no filter", "/sessions?q=status:nonsense", []string{"The filter cannot be read", "nonsense"}},
		{"no run", "/runs/nothing", []string{"This cannot be shown"}},
		{"no page", "/nothing", []string{"There is no such page"}},
	} {
		b.as(t, state.name, func(t *testing.T) {
			b.visit(state.path)
			b.shows(state.texts...)
			b.wantReadable(t, axe, strings.ReplaceAll(state.name, " ", "-"))
		})
	}
	b.as(t, "a way on", func(*testing.T) {
		b.visit("/sessions?q=server:nothing+status:ok")
		b.click("#view a", "Remove server:nothing")
		b.await(`new URLSearchParams(location.search).get("q") === "status:ok"`)
		b.visit("/sessions?q=server:nothing")
		b.click("#view a", "Clear the filter")
		b.await(`location.search === ""`)
		b.shows("memory-server")
	})
	for _, trouble := range b.troubles() {
		if !strings.Contains(trouble, "Failed to load resource") { // as the browser notes each refusal
			t.Errorf("in the page: %.2000s", trouble)
		}
	}
}

// TestPeersUIOperation: an operation is shown whole, with its content as it was captured: redacted, a line for each member. Its
// address is where it is found again: loaded again, by way of the history, and in another tab.
func TestPeersUIOperation(t *testing.T) {
	d := newDesk(t)
	ev := d.open(d.peers.server("server-everything"))
	const mail, key = "ada@analytical-engine.org", "ghp_x7Jk2Qm9Zr4Tn8Wb1Vc6Yd3Hf5Lg0SpAoEuI"
	ev.call("echo", mcptest.Object{"message": "write to " + mail + " with " + key})
	ev.end()
	u, c := startPage(t, d.place, d.dir), newChromium(t)
	b := c.view(u, "/sessions")
	b.shows("mcp-servers/everything")
	run := eval[string](b, `[...document.querySelectorAll("#view a")].find((a) => a.pathname.startsWith("/runs/")).pathname`)
	there := fmt.Sprintf("%s?op=%s", run, d.operation(b, 3)) // after initialize and tools/list
	wantPanel := func(b *tab) {
		b.t.Helper()
		b.await(`document.querySelector("#panel h2")?.textContent.includes("echo")`)
		b.await(`document.querySelectorAll("#panel pre").length === 2`)
	}
	b.visit(there)
	wantPanel(b)

	b.as(t, "content", func(t *testing.T) {
		content := eval[[]string](b, `[...document.querySelectorAll("#panel pre")].map((e) => e.innerText)`)
		if !strings.HasPrefix(content[0], "{\n  \"message\": \"write to [redacted:email] with [redacted:") || !strings.HasSuffix(content[0], "\"\n}") {
			t.Errorf("arguments: %s", content[0])
		}
		if !strings.Contains(content[1], "\n") || !strings.Contains(content[1], "Echo: write to [redacted:email] with [redacted:") {
			t.Errorf("result: %s", content[1])
		}
		for _, secret := range []string{mail, key} {
			if strings.Contains(b.text(), secret) {
				t.Errorf("the page shows %s", secret)
			}
		}
		b.shows("What was asked for.", "Captured and redacted.", "spanpipe show") // an attribute's meaning; the same in the terminal
	})
	b.as(t, "loaded again", func(*testing.T) {
		eval[any](b, `{ window.earlier = true; location.reload(); null }`)
		b.await(`window.earlier === undefined && document.readyState === "complete"`)
		wantPanel(b)
	})
	b.as(t, "back and forward", func(*testing.T) {
		eval[any](b, `{ history.back(); null }`)
		b.await(`location.pathname === "/sessions" && document.querySelector("#panel").innerText === ""`)
		b.shows("mcp-servers/everything")
		eval[any](b, `{ history.forward(); null }`)
		wantPanel(b)
	})
	b.as(t, "another tab", func(t *testing.T) {
		other := c.open(u.origin + there)
		other.t = t
		wantPanel(other)
	})
	b.wantClean(u.origin)
}

// click clicks on the first element of a kind that has a text.
func (b *tab) click(selector, text string) {
	b.t.Helper()
	script := fmt.Sprintf(`[...document.querySelectorAll(%s)].find((e) => e.textContent.trim() === %s)`, quoted(selector), quoted(text))
	b.await(script + ` !== undefined`)
	eval[any](b, `{ `+script+`.click(); null }`)
}

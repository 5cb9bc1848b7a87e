package cmd_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/chromedp"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// TestPeersUIEmpty: a store without sessions explains what to do next, and the first session, of the Go SDK's example of a server,
// appears by itself.
func TestPeersUIEmpty(t *testing.T) {
	d := newDesk(t)
	u, c := startPage(t, d.place, d.dir), newChromium(t)
	b := c.open(u.link())
	b.shows("No sessions yet", `"command": "spanpipe"`, "SPANPIPE_TELEMETRY=local spanpipe demo", d.dir)
	b.wantReadable(t, d.axe(), "no sessions yet")
	b.as(t, "copy", func(*testing.T) {
		eval[any](b, `{ navigator.clipboard.writeText = async (text) => { window.copied = text }; null }`) // there is no clipboard
		b.click(".empty .cmd button.copy", "Copy")
		b.await(`window.copied === "spanpipe install"`)
		b.shows("Copied")
		b.click(".empty .block button.copy", "Copy")
		b.await(`window.copied.includes('"SPANPIPE_TELEMETRY": "local"')`)
	})
	b.as(t, "the first session", func(t *testing.T) {
		d.open([]string{peerPath(t, peerConformant)}).call("test_simple_text", nil)
		b.shows("mcp-conformance-test-server", "desk", "live")
		b.await(`!document.body.innerText.includes("No sessions yet")`)
	})
	b.wantClean(u.origin)
}

// TestPeersUIStates: where there is nothing to show, the page says why, with a way on; where a reply is long in coming, what it reads;
// and as long as the store cannot be read, that.
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
		{"nothing matches", "/sessions?q=server:nothing+client:desk", []string{"No session matches", "Remove server:nothing", "Clear the filter"}},
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
			b.await(fmt.Sprintf(`(document.querySelector("#filter").getAttribute("aria-invalid") === "true") === %t`, state.name == "no filter"))
			b.wantReadable(t, axe, state.name)
		})
	}
	b.as(t, "a way on", func(*testing.T) {
		b.visit("/sessions?q=server:nothing+client:desk")
		b.click("#view a", "Remove server:nothing")
		b.await(`new URLSearchParams(location.search).get("q") === "client:desk"`)
		b.visit("/sessions?q=server:nothing")
		b.click("#view a", "Clear the filter")
		b.await(`location.search === ""`)
		b.shows("memory-server")
	})
	run := eval[string](b, `[...document.querySelectorAll("#view a")].find((a) => a.pathname.startsWith("/runs/")).pathname`)
	for _, wait := range []struct{ name, path, request, text, then string }{
		{"reading sessions", "/sessions?since=30d", "sessions?*", "Reading 1 session", "memory-server"},
		{"reading a run", run, "runs/*", "Reading the run", "create_entities"},
		{"reading tools", "/tools", "tools?*", "Adding up calls", "create_entities"},
		{"reading the context", "/context", "context?*", "Reading what servers have defined", "memory-server"},
		{"reading what is live", "/live", "live*", "Reading what happens now", "Nothing is live"},
	} {
		b.as(t, wait.name, func(t *testing.T) {
			b.visit("/nothing")
			b.holdBack(u.origin + "/api/v1/" + wait.request)
			b.visit(wait.path)
			b.shows(wait.text)
			b.wantReadable(t, axe, wait.name)
			b.holdBack("")
			b.shows(wait.then)
			b.await(fmt.Sprintf(`!document.body.innerText.includes(%s)`, quoted(wait.text)))
		})
	}
	b.as(t, "the store fails", func(t *testing.T) {
		sessions := filepath.Join(d.dir, "sessions")
		if err := errors.Join(os.Rename(sessions, sessions+".away"), os.WriteFile(sessions, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		b.await(`/the store cannot be read: .*sessions/.test(document.querySelector("#banner").innerText)`)
		b.visit("/live") // what was read stays
		b.shows("Nothing is live", "read_graph", "the store cannot be read")
		if err := errors.Join(os.Remove(sessions), os.Rename(sessions+".away", sessions)); err != nil {
			t.Fatal(err)
		}
		b.await(`document.querySelector("#banner").innerText === ""`)
	})
	for _, trouble := range b.troubles() {
		if !strings.Contains(trouble, "Failed to load resource") { // as the browser notes each refusal
			t.Errorf("in the page: %.2000s", trouble)
		}
	}
}

// TestPeersUIOperation: an operation is shown whole, with its content as it was captured: redacted, a line for each member. Its
// address is where it is found again: loaded again, by way of the history, and in another tab. Below the operations stands what the
// server used, and its content finds its session.
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
	b.as(t, "what its processes use", func(*testing.T) {
		b.await(`/everything\s+CPU, memory\s+\d+%\s+[\d.]+ MB/.test(document.querySelector(".use")?.innerText)`)
		b.await(`/CPU, filled: at most .* Memory, dotted: at most [\d.]+.MB/.test(document.querySelector(".use-row").title)`)
		b.await(`(() => { // drawn in its color, thin as that may be
			const areas = document.querySelector(".use-areas");
			const copy = new OffscreenCanvas(areas.width, areas.height).getContext("2d", {willReadFrequently: true});
			copy.drawImage(areas, 0, 0);
			const pixels = copy.getImageData(0, 0, areas.width, areas.height).data;
			const color = getComputedStyle(document.documentElement).getPropertyValue("--ok").match(/[0-9a-f]{2}/g).map((c) => parseInt(c, 16));
			for (let i = 0; i < pixels.length; i += 4) {
				if (pixels[i + 3] > 64 && color.every((c, k) => Math.abs(c - pixels[i + k]) < 10)) return true;
			}
			return false;
		})()`)
	})
	b.as(t, "found by its content", func(*testing.T) {
		d.memory()
		rows := `[...document.querySelectorAll("#view tbody th")].map((e) => e.innerText).join(" ")`
		b.visit("/sessions")
		b.await(`/everything/.test(` + rows + `) && /memory-server/.test(` + rows + `)`)
		b.press("/")
		b.press(strings.Split("content:WRITE", "")...)
		b.press("Enter")
		b.await(`/everything/.test(` + rows + `) && !/memory-server/.test(` + rows + `)`)
		b.visit("/sessions?q=content:program")
		b.await(`!/everything/.test(` + rows + `) && /memory-server/.test(` + rows + `)`)
		b.visit("/sessions?q=content:analytical-engine") // which was redacted
		b.shows("No session matches")
	})
	b.wantClean(u.origin)
}

// holdBack holds back requests that match a pattern, and lets those go on that were held back before.
func (b *tab) holdBack(pattern string) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, fetch.Disable, cdp.Empty{})
		if err == nil && pattern != "" {
			_, err = cdp.Call(ctx, t, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: pattern}}})
		}
		return err
	}))
}

// click clicks on the first element of a kind that has a text.
func (b *tab) click(selector, text string) {
	b.t.Helper()
	script := fmt.Sprintf(`[...document.querySelectorAll(%s)].find((e) => e.textContent.trim() === %s)`, quoted(selector), quoted(text))
	b.await(script + ` !== undefined`)
	eval[any](b, `{ `+script+`.click(); null }`)
}

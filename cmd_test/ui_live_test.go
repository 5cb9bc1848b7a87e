package cmd_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// TestPeersUILive: what servers do appears while one looks, in every view that shows it, and the page asks for nothing.
func TestPeersUILive(t *testing.T) {
	d := newDesk(t)
	files, trouble := d.filesystem(), d.open(cast.As(t, "server"))
	u, c := startPage(t, d.place, d.dir), newChromium(t)
	b := c.view(u, "/live")
	b.shows("Open now", "read_text_file", "following", "secure-filesystem-server")
	b.await(`document.querySelectorAll(".lanes tbody tr").length === 2`)

	b.as(t, "a call", func(t *testing.T) {
		files.call("directory_tree", mcptest.Object{"path": d.files})
		b.shows("directory_tree") // the stream has begun
		before := b.asked()
		files.call("get_file_info", mcptest.Object{"path": filepath.Join(d.files, "monday.txt")})
		b.shows("get_file_info")
		if after := b.asked(); len(after) > len(before) {
			t.Errorf("the page asked for %q", after[len(before):])
		}
	})
	b.as(t, "held", func(*testing.T) {
		b.press(" ")
		b.shows("paused, 0 came since")
		files.call("list_allowed_directories", nil)
		b.shows("paused, 1 came since")
		b.await(`!document.body.innerText.includes("list_allowed_directories")`)
		b.press(" ")
		b.shows("list_allowed_directories", "following")
	})
	b.as(t, "a hang", func(*testing.T) {
		b.await(`document.querySelector(".hung:not([hidden])") === null`)
		trouble.begin("hang", nil)
		b.shows("1 hung")
		b.await(`document.querySelector(".open .hung") !== null && document.querySelector(".open .say") !== null`)
		b.await(`document.querySelector("#say").textContent.includes("hangs")`)
		b.await(`getComputedStyle(document.querySelector(".open .b-bad")).fill === getComputedStyle(document.querySelector(".open .hung")).backgroundColor`)
		b.visit("/sessions")
		b.shows("mcptest-server", "1 hung")
	})
	b.as(t, "motion", func(t *testing.T) {
		b.await(`document.querySelector("#view a[href^='/runs/']") !== null`)
		run := eval[string](b, `document.querySelector("#view a[href^='/runs/']").pathname`)
		eval[any](b, `(() => { // what the waterfall lets shine through, and in which seconds it draws
			const alpha = Object.getOwnPropertyDescriptor(CanvasRenderingContext2D.prototype, "globalAlpha");
			Object.defineProperty(CanvasRenderingContext2D.prototype, "globalAlpha", {...alpha, set(value) {
				alpha.set.call(this, value);
				window.alphas.add(value);
				window.seconds.add(Math.floor(Date.now() / 1000));
			}});
		})()`)
		draws := func() { eval[any](b, `{ window.alphas = new Set(); window.seconds = new Set(); null }`) }
		draws()
		b.visit(run)
		b.await(`window.alphas.has(0.25)`)
		b.visit("/live")
		b.await(`document.querySelector(".open .hung") !== null && document.getAnimations().length > 0`)
		b.do(preferring("prefers-reduced-motion", "reduce"))
		b.await(`document.querySelector(".open .hung") !== null && document.getAnimations().length === 0`)
		draws()
		b.visit(run)
		b.await(`window.seconds.size > 3`)
		if eval[bool](b, `window.alphas.has(0.25)`) {
			t.Error("the marks of what hangs blink, though motion is to be reduced")
		}
		b.do(preferring("prefers-reduced-motion", "no-preference"))
	})
	b.as(t, "a new session", func(*testing.T) {
		b.visit("/sessions")
		d.memory()
		b.shows("memory-server")
	})
	b.as(t, "an end", func(*testing.T) {
		b.visit("/live")
		b.shows("Sessions, the last five minutes")
		trouble.h.CloseInput()
		trouble.h.Wait()
		b.await(`document.querySelectorAll(".lanes tbody tr").length === 1 && document.querySelector("#hung").hidden`)
	})
	b.as(t, "the server's end", func(*testing.T) {
		for _, path := range []string{"/tools", "/context", "/live"} { // their scripts are loaded
			b.visit(path)
			b.shows("secure-filesystem-server")
		}
		b.wantClean(u.origin)
		if err := u.Cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		b.shows("spanpipe ui has stopped", "get_file_info")
		for _, path := range []string{"/sessions?since=1d", "/runs/another", "/tools?since=1d", "/context?since=1d", "/live"} {
			b.visit(path)
			b.await(`/This cannot be shown\s+spanpipe ui does not answer/.test(document.querySelector("#view").innerText)`)
		}
	})
}

// TestPeersUIKeys uses the page without a mouse.
func TestPeersUIKeys(t *testing.T) {
	d := newDesk(t)
	d.memory()
	d.trouble()
	d.filesystem()
	u, c := startPage(t, d.place, d.dir), newChromium(t)
	b := c.view(u, "/sessions")
	b.shows("secure-filesystem-server")
	at := func(path string) { b.t.Helper(); b.await("location.pathname.startsWith(" + quoted(path) + ")") }

	b.as(t, "tabs", func(*testing.T) {
		for key, view := range []string{1: "/sessions", 2: "/tools", 3: "/context", 4: "/live"} {
			if view != "" {
				b.press(fmt.Sprint(key))
				at(view)
			}
		}
		b.press("1")
		at("/sessions")
	})
	b.as(t, "into a run and back", func(*testing.T) {
		b.shows("secure-filesystem-server")
		row := `document.activeElement.closest("tr")?.dataset.key`
		b.press("j")
		first := eval[string](b, row)
		b.press("ArrowDown")
		b.await(row + " !== " + quoted(first))
		b.press("ArrowUp")
		b.await(row + " === " + quoted(first))
		b.press("Enter")
		at("/runs/")
		b.shows("read_text_file")
		eval[any](b, "history.back()")
		at("/sessions")
		eval[any](b, "history.forward()")
		at("/runs/")
		b.shows("read_text_file")
	})
	b.as(t, "to what went wrong", func(*testing.T) {
		panel := `document.querySelector("#panel").innerText`
		b.await(`document.querySelectorAll(".fall-row").length > 5`)
		b.press("n", "Enter")
		b.await(panel + ` !== ""`)
		first := eval[string](b, panel)
		b.press("n", "Enter")
		b.await(`![` + quoted(first) + `, ""].includes(` + panel + `)`)
		b.press("Escape")
		b.await(panel + ` === ""`)
		b.press("Escape")
		at("/sessions")
	})
	b.as(t, "a tool and its sessions", func(*testing.T) {
		b.press("2")
		b.shows("read_text_file")
		b.press("Enter")
		b.await(`document.querySelector("#panel h2") !== null && document.activeElement.id !== "panel"`)
		b.press("Enter")
		b.await(`document.activeElement.id === "panel"`)
		b.press("Escape")
		b.await(`document.querySelector("#panel").innerText === "" && document.activeElement.closest("tr.row") !== null`)
		b.press("Enter") // on the row's link
		b.await(`document.querySelector("#panel a")?.innerText === "Its sessions"`)
		eval[any](b, `document.querySelector("#panel a").focus()`)
		b.press("Enter")
		at("/sessions")
		b.await(`new URLSearchParams(location.search).get("q").startsWith("tool:")`)
		b.press("Escape")
		b.await(`location.search === ""`)
	})
	b.as(t, "the list of keys", func(*testing.T) {
		b.press("?")
		b.shows("Keys and marks")
		b.await(`document.querySelector("dialog[open]") !== null`)
		b.press("Escape")
		b.await(`document.querySelector("dialog[open]") === null`)
	})
	b.as(t, "the filter", func(*testing.T) {
		b.press("/")
		b.await(`document.activeElement.id === "filter"`)
		b.press(strings.Split("server:memory*", "")...)
		b.press("Enter")
		b.await(`new URLSearchParams(location.search).get("q") === "server:memory*"`)
		b.await(`!document.querySelector("#view table").innerText.includes("secure-filesystem-server")`)
		b.shows("memory-server")
		b.press("Escape") // in the field
		b.await(`location.search === ""`)
		b.shows("secure-filesystem-server")
	})
	b.wantClean(u.origin)
}

// TestPeersUIHostile: whatever servers and clients are called and say is text on the page, in every view, and when it is selected.
func TestPeersUIHostile(t *testing.T) {
	d := newDesk(t)
	d.hostile()
	u, c := startPage(t, d.place, d.dir), newChromium(t)
	b := c.view(u, "/sessions")
	b.shows(hostile[0])
	run := eval[string](b, `[...document.querySelectorAll("#view a")].find((a) => a.pathname.startsWith("/runs/")).pathname`)
	b.resize(360, 740, "light")
	for _, path := range []string{"/sessions", run, "/tools", "/context", "/live"} {
		b.as(t, strings.Split(path, "/")[1], func(t *testing.T) {
			b.visit(path)
			b.shows(hostile[0])
			b.wantText()
			for range len(hostile) + 3 {
				b.press("j")
				b.wantText()
			}
			if path == "/tools" || path == run {
				if !strings.Contains(b.text(), hostile[4]) {
					t.Errorf("%s is not shown:\n%.2000s", hostile[4], b.text())
				}
			}
		})
	}
	b.as(t, "operations", func(*testing.T) {
		for number := range len(hostile) + 2 {
			b.visit(fmt.Sprintf("%s?op=%s", run, d.operation(b, number+1)))
			b.await(`document.querySelector("#panel").innerText.length > 0`)
			b.wantText()
		}
	})
	b.wantClean(u.origin)
}

// operation returns how the address of the only session's operation names it.
func (d *desk) operation(b *tab, number int) string {
	d.t.Helper()
	dirs, err := filepath.Glob(filepath.Join(d.dir, "sessions", "*"))
	if err != nil || len(dirs) != 1 {
		b.t.Fatalf("sessions: %q, %v", dirs, err)
	}
	return fmt.Sprintf("%s/%d", filepath.Base(dirs[0]), number)
}

// wantText checks that no peer has brought an element, an address, or a control character into the page.
func (b *tab) wantText() {
	b.t.Helper()
	found := eval[[]string](b, `(() => {
		const out = [];
		for (const e of document.querySelectorAll("img, iframe, object, embed, script:not([src='/assets/main.js']), foreignObject, animate, [onerror], [onload]")) out.push("an element: " + e.outerHTML);
		for (const e of document.querySelectorAll("[href], [src], [action], [formaction]")) {
			const url = new URL(e.getAttribute("href") ?? e.getAttribute("src") ?? e.getAttribute("action") ?? e.getAttribute("formaction"), location.href);
			if (url.origin !== location.origin) out.push("an address: " + e.outerHTML);
		}
		const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (walk.nextNode()) {
			const bad = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]/.exec(walk.currentNode.data);
			if (bad) out.push("a control character: " + JSON.stringify(walk.currentNode.data.slice(Math.max(0, bad.index - 30), bad.index + 30)));
		}
		return out.slice(0, 5).map((s) => s.slice(0, 300));
	})()`)
	for _, text := range found {
		b.t.Errorf("in the page is %s", text)
	}
	b.wantNarrow()
}

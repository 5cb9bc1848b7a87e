package cmd_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/proctree"
	"github.com/spanpipe/spanpipe/internal/store/storetest"
)

// The store of the benchmark: what a user has after a busy week, and one run that is larger than any.
const (
	benchSessions = 1000
	benchCalls    = 100
	benchLargest  = 50_000
	benchShort    = 20 // times smaller with -short, which shows that the benchmark works
)

// frameTime is what a screen of 60 frames a second leaves a page for a frame, in milliseconds.
const frameTime = 1000.0 / 60

// BenchmarkUI measures what one feels of the page in a browser. Each round opens the list of sessions, and a run of 50,000
// operations in which it scrolls and zooms: go test ./cmd_test -run - -bench UI -benchtime 10x. In the end it looks at what the page
// costs while nothing happens. The metrics are medians:
//
//	reply-ms      from the request for the list to the first byte of the reply, as the browser sees it
//	paint-ms      from the start of loading to the first contentful paint
//	empty-ms      the same of a page with one word: what the browser itself takes
//	rows-ms       from the start of loading until the first rows of sessions are in the page
//	rows/static   that, divided by the first contentful paint of a page that stands still: the same elements and styles in one file
//	scroll/frame  what the page's main thread works for a frame while one scrolls, divided by what 60 frames a second leave: 16.7 ms
//	zoom/frame    and while one zooms
//	page-idle     what the page's main thread works while nothing happens, divided by the time that passes
//	server-idle   CPU time of the server's process, with that page open, divided by that time
//	server-alone  and with no page open
//	server-MiB    peak of the server's resident memory
func BenchmarkUI(b *testing.B) {
	dir, place := b.TempDir(), newHome(b)
	fillForUI(b, dir)
	u, c := startPage(b, place, dir), newChromium(b)
	t := c.open(u.link())
	t.resize(1400, 900, "light")
	t.shows("claude-code")
	t.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
			new MutationObserver((_, o) => { if (document.querySelector("#view tbody tr")) { window.rowsAt = performance.now(); o.disconnect() } })
				.observe(document, {childList: true, subtree: true})`})
		if err == nil {
			_, err = cdp.Call(ctx, target, performance.Enable, performance.EnableParams{})
		}
		return err
	}))
	still := t.still(b)
	all := map[string][]float64{}
	note := func(name string, value float64) { all[name] = append(all[name], value) }
	rounds := 0
	for ; b.Loop(); rounds++ {
		t.load(still + "/empty")
		note("empty-ms", t.painted())
		t.load(still)
		static := t.painted()
		t.load(u.origin + "/sessions?since=30d")
		note("paint-ms", t.painted())
		t.await("window.rowsAt > 0")
		rows := eval[float64](t, "window.rowsAt")
		note("rows-ms", rows)
		note("rows/static", rows/static)
		note("reply-ms", eval[float64](t, `(() => {
			const e = performance.getEntriesByType("resource").find((e) => e.name.includes("/api/v1/sessions"));
			return e.responseStart - e.requestStart })()`))
	}
	for range rounds { // now, since the list would be slower beside what the browser keeps of it
		t.visit("/runs/largest")
		t.await(`document.querySelectorAll(".fall-row").length > 20`)
		note("scroll/frame", t.workPerFrame(false)/frameTime)
		note("zoom/frame", t.workPerFrame(true)/frameTime)
	}
	for name, values := range all {
		slices.Sort(values)
		b.ReportMetric(values[len(values)/2], name)
	}
	t.do(chromedp.Navigate(u.origin + "/sessions?since=30d"))
	t.await("window.rowsAt > 0")
	time.Sleep(2 * time.Second) // what has been asked for is done by then
	busy := t.busy()
	b.ReportMetric(u.idle(b), "server-idle")
	b.ReportMetric((t.busy()-busy)/idleFor.Seconds(), "page-idle")
	t.load(still)
	time.Sleep(35 * time.Second) // half a minute after the last page the server ceases to follow the store
	b.ReportMetric(u.idle(b), "server-alone")
	if peak, err := mcptest.ProcField(u.Cmd.Process.Pid, "status", "VmHWM"); err == nil {
		b.ReportMetric(float64(peak)/(1<<20), "server-MiB")
	}
	b.ReportMetric(0, "ns/op")
}

// load loads a page, and leaves it alone until that is done: to be asked meanwhile would slow it down.
func (b *tab) load(address string) {
	b.t.Helper()
	b.do(chromedp.Navigate(address))
	time.Sleep(time.Second)
}

// painted waits for the first contentful paint, and returns its time in milliseconds since the start of loading.
func (b *tab) painted() float64 {
	b.t.Helper()
	b.await("performance.getEntriesByName('first-contentful-paint').length > 0")
	return eval[float64](b, "performance.getEntriesByName('first-contentful-paint')[0].startTime")
}

// still serves what the page looks like as one file without scripts, and returns its address. An empty page is below it.
func (b *tab) still(t testing.TB) string {
	t.Helper()
	b.do(chromedp.Navigate(eval[string](b, "location.origin") + "/sessions?since=30d"))
	b.await("window.rowsAt > 0")
	html := eval[string](b, `(() => {
		const copy = document.documentElement.cloneNode(true);
		for (const e of copy.querySelectorAll("script, link")) e.remove();
		const style = document.createElement("style");
		style.textContent = [...document.styleSheets].flatMap((s) => [...s.cssRules].map((r) => r.cssText)).join("\n");
		copy.querySelector("head").append(style);
		return "<!doctype html>" + copy.outerHTML })()`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/empty" {
			_, _ = io.WriteString(w, "<!doctype html><title>Empty</title><p>Empty")
			return
		}
		_, _ = io.WriteString(w, html)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// idleFor is for how long nothing happens.
const idleFor = 10 * time.Second

// idle lets nothing happen, and returns the server's CPU time, divided by the time.
func (u *ui) idle(b *testing.B) float64 {
	b.Helper()
	before, ok := proctree.StateOf(u.Cmd.Process.Pid)
	time.Sleep(idleFor)
	after, still := proctree.StateOf(u.Cmd.Process.Pid)
	if !ok || !still {
		b.Fatal("the server has ended")
	}
	return (after.CPU - before.CPU).Seconds() / idleFor.Seconds()
}

// busy returns for how long the page's main thread has worked, in seconds.
func (b *tab) busy() (seconds float64) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		r, err := cdp.Call(ctx, t, performance.GetMetrics, cdp.Empty{})
		if err != nil {
			return err
		}
		for _, m := range r.Metrics {
			if m.Name == "TaskDuration" {
				seconds = m.Value
			}
		}
		return nil
	}))
	return seconds
}

// workPerFrame turns the wheel over the page for a while, with Ctrl or without, and returns for how long its main thread was busy,
// in milliseconds a frame.
func (b *tab) workPerFrame(zoom bool) float64 {
	b.t.Helper()
	const turns = 120
	eval[any](b, `{ window.drawn = 0; const count = () => { window.drawn++; window.next = requestAnimationFrame(count) }; count(); null }`)
	defer eval[any](b, `{ cancelAnimationFrame(window.next); null }`)
	before, frames := b.busy(), eval[float64](b, "window.drawn")
	for i := range turns {
		// The protocol demands both deltas, and the library leaves out a zero.
		p := input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseWheel, X: 700, Y: 500, DeltaX: 1e-9, DeltaY: 120}
		if zoom {
			p.Modifiers = int64(chromedp.ModifierCtrl)
			if i >= turns/2 {
				p.DeltaY = -120.0
			}
		}
		b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, input.DispatchMouseEvent, p)
			return err
		}))
	}
	after := b.busy()
	drawn := eval[float64](b, "window.drawn") - frames
	if drawn == 0 {
		b.t.Fatal("the page has drawn nothing")
	}
	return (after - before) / drawn * 1000
}

// fillForUI fills a store.
func fillForUI(b *testing.B, dir string) {
	b.Helper()
	sessions, largest := benchSessions, benchLargest
	if testing.Short() {
		sessions, largest = sessions/benchShort, largest/benchShort
	}
	servers, clients := storetest.Servers(), storetest.Clients()
	all := []storetest.Session{{
		Server: servers[0], Client: clients[0], Run: "largest", Start: time.Now().Add(-20 * time.Hour), Calls: largest,
		Every: time.Second, Seed: uint64(sessions + 1),
	}}
	for n := range sessions {
		all = append(all, storetest.Session{
			Server: servers[n%len(servers)], Client: clients[n/4%len(clients)], Run: fmt.Sprint("run", n/4),
			Start: time.Now().Add(-time.Duration(n+1) * 6 * 24 * time.Hour / time.Duration(sessions)), Calls: benchCalls - 2,
			Every: time.Second, Seed: uint64(n + 1), DigestOnly: n > 100,
		})
	}
	if err := storetest.Fill(dir, all); err != nil {
		b.Fatal(err)
	}
}

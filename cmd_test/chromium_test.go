package cmd_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	cdpnetwork "github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// chromium is a browser without a window and with a profile of its own.
type chromium struct {
	t   testing.TB
	ctx context.Context
}

// newChromium starts the browser, with more of its command line's flags.
func newChromium(t testing.TB, flags ...chromedp.ExecAllocatorOption) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		peerMissing(t, "chromium is not installed: it is the browser that shows the page")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.Flag("lang", "en-US"))
	if os.Geteuid() == 0 { // its sandbox refuses to run as root
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), append(options, flags...)...)
	t.Cleanup(stop) // kills the browser, and waits for its end
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the browser starts
		t.Fatal(err)
	}
	return &chromium{t: t, ctx: ctx}
}

// tab is a tab of the browser, which keeps what its page asks for and what goes wrong in it.
type tab struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex // guards what follows
	requests []string   // methods and addresses
	problems []string   // errors on the console, violations of the policy, exceptions, dialogs
}

// open opens an address in a new tab.
func (c *chromium) open(address string) *tab {
	c.t.Helper()
	b := &tab{t: c.t}
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithListener(b.note))
	c.t.Cleanup(cancel)
	b.ctx = ctx
	if err := chromedp.Do(ctx, b.closeDialogs(), chromedp.Navigate(address)); err != nil {
		c.t.Fatalf("opening %s: %v", address, err)
	}
	return b
}

// note keeps an event.
func (b *tab) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *cdpnetwork.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.Method+" "+e.Request.URL)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			text, _ := json.Marshal(e.Args)
			b.problems = append(b.problems, fmt.Sprintf("console.%s: %s", e.Type, text))
		}
	case *runtime.EventExceptionThrown:
		text, _ := json.Marshal(e.ExceptionDetails)
		b.problems = append(b.problems, "exception: "+string(text))
	case *log.EventEntryAdded: // failed requests and violations of the policy
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.problems = append(b.problems, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *page.EventJavascriptDialogOpening:
		b.problems = append(b.problems, fmt.Sprintf("a dialog: %s %q", e.Type, e.Message))
	}
}

// closeDialogs closes each dialog, for which a page would wait.
func (b *tab) closeDialogs() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		dialogs := cdp.Events(ctx, t, page.JavascriptDialogOpening)
		go func() { // ends with the tab
			for range dialogs {
				_, _ = cdp.Call(ctx, t, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})
			}
		}()
		return nil
	})
}

// asked returns what the page has asked for so far.
func (b *tab) asked() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

// troubles returns what has gone wrong since the last time it was called.
func (b *tab) troubles() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.problems
	b.problems = nil
	return all
}

// wantClean reports what has gone wrong in the page, and requests to anything but an origin.
func (b *tab) wantClean(origin string) {
	b.t.Helper()
	for _, trouble := range b.troubles() {
		b.t.Errorf("in the page: %.2000s", trouble)
	}
	for _, request := range b.asked() {
		if _, address, _ := strings.Cut(request, " "); !strings.HasPrefix(address, origin+"/") {
			b.t.Errorf("the page asked for %s", request)
		}
	}
}

// eval evaluates JavaScript in a page, and waits for its promise. The page's policy does not apply to it.
func eval[T any](b *tab, script string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%.200s: %v", script, err)
	}
	return v
}

// await waits until JavaScript is true.
func (b *tab) await(script string) {
	b.t.Helper()
	mcptest.Eventually(b.t, script, func() bool {
		v, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](script))
		return err == nil && v // between two pages there is none to ask
	})
}

// text returns what can be read on the page.
func (b *tab) text() string {
	b.t.Helper()
	return eval[string](b, "document.body.innerText")
}

// shows waits until the page shows texts.
func (b *tab) shows(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		script := fmt.Sprintf("document.body.innerText.includes(%s)", quoted(text))
		for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) { // only a failing test waits that long
			v, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](script))
			if err == nil && v {
				break
			}
			if time.Now().After(deadline) {
				b.t.Fatalf("%q does not come; what went wrong: %q; the page shows:\n%s", text, b.troubles(), b.text())
			}
		}
	}
}

// quoted returns a text as JavaScript has it.
func quoted(text string) string {
	b, _ := json.Marshal(text) // never fails
	return string(b)
}

// keyNames are the keys that are no character.
var keyNames = map[string]string{
	"Enter": kb.Enter, "Escape": kb.Escape, "Tab": kb.Tab,
	"ArrowDown": kb.ArrowDown, "ArrowUp": kb.ArrowUp, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight,
}

// press presses keys, named as KeyboardEvent.key names them.
func (b *tab) press(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		if name, ok := keyNames[key]; ok {
			key = name
		}
		for _, r := range key {
			b.do(pressed(r))
		}
	}
}

// pressed is a key that goes down, with the character that it writes, and up. A page that acts on the first keeps the second from
// being written, which it cannot do to characters that are sent by themselves, as chromedp.KeyEvent does.
func pressed(key rune) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		events := kb.Encode(key)
		down, up := events[0], events[len(events)-1]
		if len(events) > 2 {
			down.Text, down.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
		}
		if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, *down); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, input.DispatchKeyEvent, *up)
		return err
	})
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// resize gives the page another size, and the color scheme light or dark.
func (b *tab) resize(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height), preferring("prefers-color-scheme", scheme))
}

// preferring gives the page a preference of its user's, and no other.
func preferring(feature, value string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: feature, Value: value}},
		})
		return err
	})
}

// screenshot writes a picture of what can be seen.
func (b *tab) screenshot(path string) {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(path, picture, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

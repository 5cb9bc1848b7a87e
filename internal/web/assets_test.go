package web_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/spanpipe/spanpipe/internal/web"
)

// mostAssets is what all files of the page may have together, as browsers receive them.
const mostAssets = 150_000

// inline is what the policy of the page forbids, and what would fetch something from elsewhere.
var inline = map[string]*regexp.Regexp{
	".html": regexp.MustCompile(`(?i)<style|\sstyle\s*=|\son[a-z]+\s*=|<script(>|\s[^>]*>\s*\S[^<]*</script>)|<script[^>]+src="[^/]|javascript:|(src|href|action)\s*=\s*"?(https?:)?//`),
	".js": regexp.MustCompile(`(?i)\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\(|` +
		`setAttribute\(\s*["'\x60](style|on[a-z]+)["'\x60]|fetch\(["'\x60](https?:)?//|import\(["'\x60]https?:|srcdoc|javascript:|localStorage|document\.cookie`),
	".css": regexp.MustCompile(`(?i)@import|url\(\s*["']?(https?:|//|data:)|expression\(`),
}

// TestAssets: the page is small, fetches nothing from elsewhere, and has nothing that its own policy forbids.
func TestAssets(t *testing.T) {
	size := 0
	err := fs.WalkDir(web.Assets(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(web.Assets(), name)
		if err != nil {
			return err
		}
		var sent bytes.Buffer
		z, err := gzip.NewWriterLevel(&sent, gzip.BestCompression)
		if err != nil {
			return err
		}
		_, err = z.Write(text)
		if err = errors.Join(err, z.Close()); err != nil {
			return err
		}
		size += sent.Len()
		if forbidden := inline[path.Ext(name)]; forbidden != nil {
			if at := forbidden.Find(text); at != nil {
				t.Errorf("%s has %q", name, at)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if size > mostAssets {
		t.Errorf("the page has %d bytes, compressed, want at most %d", size, mostAssets)
	}
}

// TestInline: the expressions find what they are for.
func TestInline(t *testing.T) {
	for ext, texts := range map[string][]string{
		".html": {
			`<script>alert(1)</script>`, `<script type="module">x()</script>`, `<p style="color: red">`, `<p onclick=x()>`, `<style>p{}</style>`,
			`<script src="https://evil.example/x.js"></script>`, `<link href="//evil.example/x.css">`, `<a href="javascript:x()">`,
		},
		".js":  {`e.innerHTML = x`, `e.insertAdjacentHTML("x")`, `eval("x")`, `e.setAttribute("style", x)`, `e.setAttribute('onclick', x)`, `fetch("https://evil.example")`},
		".css": {`@import "x.css"`, `p { background: url(https://evil.example/x.png) }`},
	} {
		for _, text := range texts {
			if !inline[ext].MatchString(text) {
				t.Errorf("%s: %s is not found", ext, text)
			}
		}
	}
	if at := inline[".html"].FindString(`<script type="module" src="/assets/main.js"></script>`); at != "" {
		t.Errorf("a script of our own is taken for %q", at)
	}
}

// TestAssetTypes: a file whose type is not known would not be served as what it is.
func TestAssetTypes(t *testing.T) {
	if err := web.ReadAssets(fstest.MapFS{"x.wasm": {}}); err == nil || !strings.Contains(err.Error(), "x.wasm") {
		t.Errorf("error %v", err)
	}
}

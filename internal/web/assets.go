package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var embedded embed.FS

// Assets are the files of the page. Its tests read them, too.
func Assets() fs.FS {
	files, err := fs.Sub(embedded, "assets")
	if err != nil {
		panic(err) // a valid path
	}
	return files
}

// contentTypes are those of assets. Package mime asks the system, which may have other opinions.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8",
}

// asset is one file of the page.
type asset struct {
	contentType, etag string
	plain, gzipped    []byte
}

// readAssets reads and compresses the files of the page, once for all requests.
func readAssets(files fs.FS) (map[string]*asset, error) {
	all := map[string]*asset{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		a := &asset{contentType: contentTypes[path.Ext(name)]}
		if a.contentType == "" {
			return fmt.Errorf("asset %s: unknown type", name)
		}
		if a.plain, err = fs.ReadFile(files, name); err != nil {
			return err
		}
		var out bytes.Buffer
		w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // a valid level
		_, _ = w.Write(a.plain)
		_ = w.Close() // memory does not fail
		a.gzipped = out.Bytes()
		sum := sha256.Sum256(a.plain)
		a.etag = `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"` // weak, since there are two encodings
		all[name] = a
		return nil
	})
	return all, err
}

// ServeHTTP replies with the file, or that the browser has it.
func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache") // another version of the program may listen here later
	h.Set("Etag", a.etag)
	h.Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("If-None-Match"), a.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	text := a.plain
	if acceptsGzip(r) {
		text = a.gzipped
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", fmt.Sprint(len(text)))
	_, _ = w.Write(text) // the page may have left
}

// views are the first elements of the page's addresses. The page's own code knows what else is in them.
var views = []string{"sessions", "runs", "tools", "context", "live"}

// assetRoutes adds the page and its files to a mux.
func (s *Server) assetRoutes(mux *http.ServeMux) {
	for name, a := range s.assets {
		if name != "index.html" {
			mux.Handle("GET /assets/"+name, a)
		}
	}
	page := s.assets["index.html"]
	mux.Handle("GET /{$}", page)
	for _, view := range views {
		mux.Handle("GET /"+view, page)
		mux.Handle("GET /"+view+"/{id}", page)
	}
}

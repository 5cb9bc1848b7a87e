package cmd_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

var updatePictures = flag.Bool("update-pictures", false, "draw the pictures of clients, install and doctor in docs/images anew")

// TestClientsPictures draws what "spanpipe clients" and "spanpipe install" print, and compares that with the pictures in the documents.
func TestClientsPictures(t *testing.T) {
	h := newClientsHome(t, "/usr/bin/node", "/opt/packages")
	shown := []string{".claude.json", ".config/Code/User/mcp.json", ".codex/config.toml", ".codeium/windsurf/mcp_config.json"}
	for name := range h.files {
		if !slices.Contains(shown, name) {
			if err := os.Remove(filepath.Join(h.dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, p := range []struct {
		name, title string
		args        []string
	}{
		{"install-dry-run", "spanpipe install --dry-run: what would change", []string{"install", "--dry-run", "--server", "github", "--server", "inline"}},
		{"clients", "spanpipe clients: what is on this machine", []string{"clients"}},
	} {
		args := p.args
		if args[0] == "clients" { // when two are wrapped
			h.edit(t, "install", "--yes", "--server", "github", "--server", "inline")
		} else {
			args = append(slices.Clone(args), "--program", filepath.Join(h.dir, ".local/bin/spanpipe"))
		}
		cmd := exec.Command(filepath.Join(h.dir, ".local/bin/spanpipe"), args...)
		h.in(h.variables()...)(cmd)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		out = bytes.ReplaceAll(out, []byte(h.dir), []byte("/home/kim"))
		wantPicture(t, p.name, p.title, "$ spanpipe "+strings.Join(p.args, " ")+"\n"+string(out))
	}
}

// TestDoctorPicture draws what "spanpipe doctor" prints of a server with two faults, but for the durations.
func TestDoctorPicture(t *testing.T) {
	place := newHome(t)
	bin := t.TempDir()
	script := "#!/bin/sh\nexec '" + strings.Join(cast.As(t, "unruly", "banner", "outlives"), "' '") + "'\n"
	if err := os.WriteFile(filepath.Join(bin, "node"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := place.spanpipe(t, []string{"PATH=" + bin + ":/usr/bin:/bin"}, "doctor", "--", "node", "build/index.js")
	if code != 1 || stderr != "" {
		t.Fatalf("exit code %d, stderr %s\n%s", code, stderr, stdout)
	}
	usual := []string{"312ms", "4.1ms", "2.00s", "4.0ms", "2.61s"} // what a server of Node takes with --grace=2s
	took := regexp.MustCompile(`\b[0-9.]+(µs|ms|s)\b`)
	if n := len(took.FindAllString(stdout, -1)); n != len(usual) {
		t.Fatalf("%d durations, want %d:\n%s", n, len(usual), stdout)
	}
	n := -1
	stdout = took.ReplaceAllStringFunc(stdout, func(string) string { n++; return usual[n] })
	var folded strings.Builder
	for l := range strings.Lines(stdout) { // as in a terminal
		l = strings.TrimRight(l, "\n")
		if ansi.StringWidth(l) > 120 {
			l = ansi.Wordwrap(l, 120, "")
		}
		folded.WriteString(l + "\n")
	}
	wantPicture(t, "doctor", "spanpipe doctor: a server with two faults, and how to fix them", "$ spanpipe doctor -- node build/index.js\n"+folded.String())
}

// wantPicture compares a picture of lines of a terminal with the one in the documents, or draws that anew.
func wantPicture(t *testing.T, name, title, text string) {
	t.Helper()
	got, path := terminalPicture(text, title), filepath.Join("..", "docs", "images", name+".svg")
	if *updatePictures {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want, err := os.ReadFile(path); err != nil || string(want) != got {
		t.Errorf("%s is not what is printed (%v): go test ./cmd_test -run 'Test(Clients|Doctor)Picture' -update-pictures", path, err)
	}
}

// pieces matches what stands between columns.
var pieces = regexp.MustCompile(`\S+( \S+)*`)

// terminalPicture draws lines of a terminal as SVG, with the colors of a difference.
func terminalPicture(text, title string) string {
	const cellWidth, cellHeight, margin = 8.4, 18, 12
	const styleSheet = `text{font:14px "JetBrains Mono","DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#e4ece8;white-space:pre}
.d{fill:#93a29c}.w{fill:#56b8b3}.b{fill:#ff8070}.s{font-weight:bold}.bg{fill:#0f1615}
@media(prefers-color-scheme:light){text{fill:#16211e}.d{fill:#586661}.w{fill:#1a7074}.b{fill:#b3211a}.bg{fill:#f7f8f5}}`
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	columns := 0
	for _, l := range lines {
		columns = max(columns, ansi.StringWidth(l))
	}
	var b strings.Builder
	width, height := 2*margin+cellWidth*float64(columns), 2*margin+cellHeight*len(lines)
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %d\" role=\"img\">\n<title>%s</title>\n<style>%s</style>\n",
		width, height, title, styleSheet)
	fmt.Fprintf(&b, "<rect class=\"bg\" width=\"%.0f\" height=\"%d\" rx=\"6\"/>\n", width, height)
	for i, l := range lines {
		class := ""
		switch {
		case strings.HasPrefix(l, "$ "):
			class = "s"
		case strings.HasPrefix(l, "--- "), strings.HasPrefix(l, "+++ "), strings.HasPrefix(l, "@@"):
			class = "d"
		case strings.HasPrefix(l, "-"):
			class = "b"
		case strings.HasPrefix(l, "+"):
			class = "w"
		}
		for _, at := range pieces.FindAllStringIndex(l, -1) { // each has its place, so that columns stay straight in every font
			piece := l[at[0]:at[1]]
			class := class
			switch { // doctor's
			case at[0] == 2 && piece == "ok":
				class = "w"
			case at[0] == 2 && piece == "fail":
				class = "b"
			}
			var escaped bytes.Buffer
			_ = xml.EscapeText(&escaped, []byte(piece)) // a buffer takes everything
			fmt.Fprintf(&b, "<text class=\"%s\" x=\"%.1f\" y=\"%d\" textLength=\"%.1f\">%s</text>\n", class,
				margin+cellWidth*float64(ansi.StringWidth(l[:at[0]])), margin+i*cellHeight+14, cellWidth*float64(ansi.StringWidth(piece)), escaped.Bytes())
		}
	}
	return strings.ReplaceAll(b.String(), ` class=""`, "") + "</svg>\n"
}

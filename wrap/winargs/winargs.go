// Package winargs writes the command line of a Windows batch file, so that cmd.exe passes each argument on as it was
// given and takes none for a command (CVE-2024-24576, "BatBadBut").
//
// It is a package of its own because it only handles text, and can so be tested on every system. It imports nothing but
// the standard library.
package winargs

import (
	"errors"
	"fmt"
	"strings"
)

// IsBatch reports whether CreateProcess would give the file to cmd.exe.
func IsBatch(path string) bool {
	path = strings.ToLower(strings.TrimRight(path, " ."))
	return strings.HasSuffix(path, ".bat") || strings.HasSuffix(path, ".cmd")
}

// Batch returns the command line with which the interpreter runs the batch file with the arguments. Each argument is
// quoted, and inside quotes only two characters have a meaning for cmd.exe:
//   - A quote is doubled, so that cmd.exe stays inside the quotes. Programs built with Microsoft's C runtime since
//     2008, node.exe among them, read that as one quote. Older ones and Go's misread the argument, but nothing worse
//     happens: no form that all of them read correctly keeps cmd.exe inside the quotes.
//   - A percent sign is followed by an expansion to nothing (%cd:~,%), so that no two of them enclose a name.
//
// /v:off disables delayed expansion (!), and /e:on enables the substring expansion above. A line break or a NUL cannot
// be written at all, and is an error.
func Batch(interpreter, path string, args []string) (string, error) {
	if strings.ContainsAny(path, "\"%\r\n\x00") {
		return "", errors.New("the batch file's path has a character that cmd.exe does not take literally")
	}
	var b strings.Builder
	fmt.Fprintf(&b, `"%s" /e:on /v:off /d /s /c ""%s"`, interpreter, path)
	for i, arg := range args {
		if strings.ContainsAny(arg, "\r\n\x00") {
			return "", fmt.Errorf("argument %d has a line break or a NUL, which cannot be passed to a batch file", i+1)
		}
		b.WriteString(" " + quote(arg))
	}
	b.WriteByte('"')
	return b.String(), nil
}

// quote quotes an argument as described at Batch. Backslashes before a quote are doubled, because C's runtime takes a
// single one there for an escape character. Each part of the argument is followed by a quote, the last one by the
// closing quote.
func quote(arg string) string {
	parts := strings.Split(arg, `"`)
	for i, part := range parts {
		parts[i] += part[len(strings.TrimRight(part, `\`)):]
	}
	return `"` + strings.ReplaceAll(strings.Join(parts, `""`), "%", "%%cd:~,%") + `"`
}

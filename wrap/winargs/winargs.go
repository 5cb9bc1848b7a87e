// Package winargs turns arguments into the command line of a Windows batch file, so that cmd.exe hands each on as it was
// given, and none can be read as a command (CVE-2024-24576, "BatBadBut"). It is apart from wrap because it is pure text,
// and so can be tested on every system.
package winargs

import (
	"errors"
	"fmt"
	"strings"
)

// IsBatch says whether CreateProcess would give the file to cmd.exe.
func IsBatch(path string) bool {
	path = strings.ToLower(strings.TrimRight(path, " ."))
	return strings.HasSuffix(path, ".bat") || strings.HasSuffix(path, ".cmd")
}

// Batch is the command line that makes the interpreter run the batch file with the arguments. Each argument is
// quoted, so that of all that cmd.exe knows only quotes and percent signs mean something in it:
//   - a quote is doubled, which leaves cmd.exe inside the quoted word, and which programs built with Microsoft's C
//     runtime since 2008, node.exe among them, read as one quote. Older ones and Go's read the word wrongly, but no
//     more than that: nothing that all of them would read rightly leaves cmd.exe inside;
//   - a percent sign is followed by an expansion to nothing (%cd:~,%), so that no pair of them encloses a name.
//
// Delayed expansion (!) is switched off with /v:off, and /e:on makes the substring expansion work. A line break or a NUL
// cannot be written at all: that is an error.
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
		b.WriteByte(' ')
		quote(&b, arg)
	}
	b.WriteByte('"')
	return b.String(), nil
}

func quote(b *strings.Builder, arg string) {
	b.WriteByte('"')
	slashes := 0
	for _, r := range []byte(arg) {
		switch r {
		case '\\':
			slashes++
		case '"':
			b.WriteString(strings.Repeat(`\`, slashes)) // twice in all: they stand before a quote
			b.WriteByte('"')
			slashes = 0
		default:
			slashes = 0
		}
		b.WriteByte(r)
		if r == '%' {
			b.WriteString(`%cd:~,%`)
		}
	}
	b.WriteString(strings.Repeat(`\`, slashes))
	b.WriteByte('"')
}

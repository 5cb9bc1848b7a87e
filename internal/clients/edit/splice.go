package edit

import (
	"bytes"
	"strings"
)

// splice replaces the bytes from start to end.
type splice struct {
	start, end int
	text       string
}

// spliced returns a text with splices applied, which stand in the order of the text and do not overlap.
func spliced(text []byte, splices ...splice) []byte {
	var result []byte
	done := 0
	for _, s := range splices {
		result = append(append(result, text[done:s.start]...), s.text...)
		done = s.end
	}
	return append(result, text[done:]...)
}

// lineLead returns the line break and the indentation before an offset, and whether nothing else stands before it on its line.
func lineLead(text []byte, offset int) (lead string, ok bool) {
	i := bytes.LastIndexByte(text[:offset], '\n')
	if i < 0 || !isBlank(text[i+1:offset]) {
		return "", false
	}
	if i > 0 && text[i-1] == '\r' {
		i--
	}
	return string(text[i:offset]), true
}

// isBlank reports whether there are only spaces and tabs.
func isBlank(text []byte) bool { return len(bytes.Trim(text, " \t")) == 0 }

// skipBlank returns the offset of the next that is neither a space nor a tab.
func skipBlank(text []byte, offset int) int {
	for offset < len(text) && strings.IndexByte(" \t", text[offset]) >= 0 {
		offset++
	}
	return offset
}

// endsLine reports whether nothing but spaces and tabs follow on the line.
func endsLine(text []byte, offset int) bool {
	rest := text[skipBlank(text, offset):]
	return len(rest) == 0 || rest[0] == '\n' || bytes.HasPrefix(rest, []byte("\r\n"))
}

package edit

import (
	"bytes"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// span is a range of bytes.
type span struct{ start, end int }

// change replaces a range of bytes.
type change struct {
	span
	text string
}

// insert is the change that adds text at an offset.
func insert(at int, text string) change { return change{span{at, at}, text} }

// cut is the change that removes a range.
func cut(start, end int) change { return change{span{start, end}, ""} }

// splice returns the text with the changes. What two of them remove is removed once.
func splice(text []byte, changes ...change) []byte {
	slices.SortStableFunc(changes, func(a, b change) int { return a.start - b.start })
	var out []byte
	last := 0
	for _, c := range changes {
		out = append(append(out, text[last:max(c.start, last)]...), c.text...)
		last = max(c.end, last)
	}
	return append(out, text[last:]...)
}

// lines knows where the lines of a text begin.
type lines struct {
	text   []byte
	starts []int
	last   place // that was looked up: the next is often on the same line, which may be a long one
}

// place is an offset as people count.
type place struct{ offset, line, column int }

func newLines(text []byte) *lines {
	l := &lines{text: text, starts: []int{0}}
	for i, c := range text {
		if c == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
	return l
}

// index returns the index of the line that has an offset.
func (l *lines) index(offset int) int {
	return sort.Search(len(l.starts), func(i int) bool { return l.starts[i] > offset }) - 1
}

// position returns the line and the column, in characters, of an offset.
func (l *lines) position(offset int) (line, column int) {
	i := l.index(offset)
	if l.last.line != i+1 || l.last.offset > offset {
		l.last = place{l.starts[i], i + 1, 1}
	}
	l.last.column += utf8.RuneCount(l.text[l.last.offset:offset])
	l.last.offset = offset
	return l.last.line, l.last.column
}

// find returns the offset of a place, or that of the end if it is further down.
func (l *lines) find(line, column int) int {
	if line > len(l.starts) {
		return len(l.text)
	}
	if l.last.line != line || l.last.column > column {
		l.last = place{l.starts[line-1], line, 1}
	}
	for l.last.column < column && l.last.offset < len(l.text) {
		_, size := utf8.DecodeRune(l.text[l.last.offset:])
		l.last.offset += size
		l.last.column++
	}
	return l.last.offset
}

// start returns where the line of an offset begins.
func (l *lines) start(offset int) int { return l.starts[l.index(offset)] }

// end returns where the line of an offset ends, before its line break.
func (l *lines) end(offset int) int {
	end := len(l.text)
	if i := bytes.IndexByte(l.text[offset:], '\n'); i >= 0 {
		end = offset + i
	}
	if end > offset && l.text[end-1] == '\r' {
		end--
	}
	return end
}

// indent returns the white space with which the line of an offset begins.
func (l *lines) indent(offset int) string {
	start := l.start(offset)
	end := start
	for end < offset && (l.text[end] == ' ' || l.text[end] == '\t') {
		end++
	}
	return string(l.text[start:end])
}

// first reports whether only white space stands before the offset on its line.
func (l *lines) first(offset int) bool {
	return l.start(offset)+len(l.indent(offset)) == offset
}

// newline returns the line break that the file uses.
func (l *lines) newline() string {
	if i := bytes.IndexByte(l.text, '\n'); i > 0 && l.text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// after is the change that adds a line behind the line that has an offset.
func (l *lines) after(offset int, line string) change {
	if next := l.index(offset) + 1; next < len(l.starts) {
		return insert(l.starts[next], line+l.newline())
	}
	return insert(len(l.text), l.newline()+line)
}

// without is the change that removes the lines from one offset to another: the inverse of after.
func (l *lines) without(from, to int) change {
	first, next := l.index(from), l.index(to)+1
	switch {
	case next < len(l.starts):
		return cut(l.starts[first], l.starts[next])
	case first > 0:
		return cut(l.end(l.starts[first-1]), len(l.text))
	}
	return cut(0, len(l.text))
}

// refuse returns an error about what stands at an offset.
func (l *lines) refuse(offset int, text string) *SyntaxError {
	line, column := l.position(offset)
	return &SyntaxError{Line: line, Column: column, Text: text}
}

// trivia returns the offset of what follows white space, line breaks, comments and the bytes in also.
func trivia(text []byte, offset int, also string) int {
	for offset < len(text) {
		switch c := text[offset]; {
		case c == '#':
			for offset < len(text) && text[offset] != '\n' {
				offset++
			}
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' || strings.IndexByte(also, c) >= 0:
			offset++
		default:
			return offset
		}
	}
	return offset
}

package framing

import (
	"hash/maphash"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// textDecoder turns the inside of a JSON string into text, whatever pieces it comes in. It resolves escapes and
// surrogate pairs (RFC 8259, section 7). A lone surrogate and each byte of invalid UTF-8 become U+FFFD, as in
// encoding/json. It keeps whole characters up to a limit and then ignores the rest, unless it must hash the text to
// its end.
type textDecoder struct {
	text    []byte
	limit   int
	cut     bool // a character did not fit
	hashing bool
	hash    maphash.Hash // of all of the text

	escape  escapeState
	unit    rune              // the digits of \uXXXX so far
	high    rune              // a high surrogate that waits for its low one, or 0
	partial [utf8.UTFMax]byte // the beginning of a character whose other bytes have not come yet
	npart   int
}

// escapeState is how far an escape has come.
type escapeState uint8

const (
	noEscape       escapeState = iota
	afterBackslash             // needs a letter
	digit1                     // needs the first of four hexadecimal digits
	digit4         = digit1 + 3
)

func (d *textDecoder) reset(limit int, hashing bool) {
	d.clear()
	d.limit, d.cut, d.hashing = limit, false, hashing
	d.escape, d.high, d.npart = noEscape, 0, 0
	if hashing {
		d.hash.SetSeed(seed)
		d.hash.Reset()
	}
}

func (d *textDecoder) clear() {
	clear(d.text)
	d.text = d.text[:0]
}

// done reports whether nothing that is still to come can change the result.
func (d *textDecoder) done() bool { return d.cut && !d.hashing }

// write decodes the next piece. It returns false at an escape that JSON does not have.
func (d *textDecoder) write(p []byte) bool {
	for len(p) > 0 && !d.done() {
		if n := d.plainRun(p); n > 0 {
			d.append(p[:n])
			p = p[n:]
			continue
		}
		if !d.step(p[0]) {
			return false
		}
		p = p[1:]
	}
	return true
}

// finish ends the text. It returns false if the text ends inside an escape.
func (d *textDecoder) finish() bool {
	whole := d.escape == noEscape || d.done()
	d.flushPartial()
	d.flushHigh()
	return whole
}

// step decodes one byte.
func (d *textDecoder) step(c byte) bool {
	switch {
	case d.escape == afterBackslash:
		return d.letter(c)
	case d.escape != noEscape:
		return d.digit(c)
	case c == '\\':
		d.flushPartial()
		d.escape = afterBackslash
	case c < utf8.RuneSelf:
		d.flushPartial()
		d.flushHigh()
		d.rune(rune(c))
	default:
		d.flushHigh()
		d.partial[d.npart] = c
		d.npart++
		for utf8.FullRune(d.partial[:d.npart]) { // it reports false for no bytes at all
			d.takePartial()
		}
	}
	return true
}

// letter decodes the byte after a backslash.
func (d *textDecoder) letter(c byte) bool {
	if c == 'u' {
		d.escape, d.unit = digit1, 0
		return true
	}
	i := strings.IndexByte(`"\/bfnrt`, c)
	if i < 0 {
		return false
	}
	d.escape = noEscape
	d.flushHigh()
	d.rune(rune("\"\\/\b\f\n\r\t"[i]))
	return true
}

// digit decodes a digit of \uXXXX.
func (d *textDecoder) digit(c byte) bool {
	switch {
	case isDigit(c):
		c -= '0'
	case 'a' <= c && c <= 'f':
		c -= 'a' - 10
	case 'A' <= c && c <= 'F':
		c -= 'A' - 10
	default:
		return false
	}
	d.unit = d.unit<<4 | rune(c)
	if d.escape < digit4 {
		d.escape++
		return true
	}
	d.escape = noEscape
	d.codeUnit(d.unit)
	return true
}

// codeUnit takes a UTF-16 code unit. A pair of them, a high surrogate and a low one, makes one character.
func (d *textDecoder) codeUnit(u rune) {
	if d.high != 0 {
		if r := utf16.DecodeRune(d.high, u); r != utf8.RuneError {
			d.high = 0
			d.rune(r)
			return
		}
		d.flushHigh()
	}
	if 0xd800 <= u && u < 0xdc00 {
		d.high = u
		return
	}
	d.rune(u) // a lone low surrogate becomes U+FFFD there
}

// flushHigh gives up waiting for a low surrogate.
func (d *textDecoder) flushHigh() {
	if d.high != 0 {
		d.high = 0
		d.rune(utf8.RuneError)
	}
}

// flushPartial gives up waiting for the rest of a character.
func (d *textDecoder) flushPartial() {
	for d.npart > 0 {
		d.takePartial()
	}
}

// takePartial takes one character, or one byte that does not begin a character, off the bytes that wait.
func (d *textDecoder) takePartial() {
	r, size := utf8.DecodeRune(d.partial[:d.npart])
	d.npart = copy(d.partial[:], d.partial[size:d.npart])
	d.rune(r)
}

func (d *textDecoder) rune(r rune) {
	var buf [utf8.UTFMax]byte
	n := utf8.EncodeRune(buf[:], r)
	if d.hashing {
		d.hash.Write(buf[:n])
	}
	if d.cut = d.cut || len(d.text)+n > d.limit; !d.cut {
		d.text = append(d.text, buf[:n]...)
	}
}

// append takes a run of plain characters.
func (d *textDecoder) append(run []byte) {
	if d.hashing {
		d.hash.Write(run)
	}
	if d.cut {
		return
	}
	if room := d.limit - len(d.text); len(run) > room {
		run, d.cut = run[:room], true
	}
	d.text = append(d.text, run...)
}

// plainRun returns how many bytes at p's start stand for themselves: ASCII, except the backslash. It looks no further
// than the text can matter.
func (d *textDecoder) plainRun(p []byte) int {
	if d.escape != noEscape || d.npart > 0 || d.high != 0 {
		return 0
	}
	if !d.hashing {
		p = p[:min(len(p), d.limit-len(d.text)+1)]
	}
	n := 0
	for n < len(p) && p[n] < utf8.RuneSelf && p[n] != '\\' {
		n++
	}
	return n
}

// clip shortens text, which is valid UTF-8, to at most limit bytes, at the end of a character.
func clip(text []byte, limit int) []byte {
	if len(text) <= limit {
		return text
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

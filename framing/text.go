package framing

import (
	"encoding/binary"
	"hash/maphash"
	"unicode/utf16"
	"unicode/utf8"
)

// textDecoder turns the inside of a JSON string into text, whatever the pieces it comes in: escapes and surrogate pairs
// are resolved, a lone surrogate and each byte of invalid UTF-8 become U+FFFD, as in encoding/json. It keeps whole
// characters up to a limit and then stops looking, unless the text is to be hashed to its end.
type textDecoder struct {
	text    []byte
	limit   int
	cut     bool // a character did not fit
	hashing bool
	hash    maphash.Hash

	escape  uint8             // 0 outside an escape, 1 after the backslash, 2 to 5 before a digit of \uXXXX
	unit    rune              // the digits of \uXXXX so far
	high    rune              // the high surrogate that came last and waits for its low one, or 0
	partial [utf8.UTFMax]byte // the start of a character whose other bytes have not come yet
	npart   int
}

func (d *textDecoder) reset(limit int, hashing bool) {
	d.wipe()
	d.limit, d.cut, d.hashing = limit, false, hashing
	d.escape, d.high, d.npart = 0, 0, 0
	if hashing {
		d.hash.SetSeed(seed)
		d.hash.Reset()
	}
}

func (d *textDecoder) wipe() {
	clear(d.text)
	d.text = d.text[:0]
}

// done says that nothing that is yet to come can change the outcome.
func (d *textDecoder) done() bool { return d.cut && !d.hashing }

// write decodes the next piece. It returns false at an escape that JSON does not have.
func (d *textDecoder) write(p []byte) bool {
	for len(p) > 0 && !d.done() {
		if d.escape == 0 && d.npart == 0 && d.high == 0 {
			n := plainRun(p)
			d.append(p[:n])
			p = p[n:]
			if len(p) == 0 || d.done() {
				break
			}
		}
		if !d.step(p[0]) {
			return false
		}
		p = p[1:]
	}
	return true
}

// finish ends the text. It returns false if it ends inside an escape.
func (d *textDecoder) finish() bool {
	whole := d.escape == 0 || d.done()
	d.flushPartial()
	d.flushHigh()
	return whole
}

// step decodes one byte.
func (d *textDecoder) step(c byte) bool {
	switch {
	case d.escape == 1:
		return d.escaped(c)
	case d.escape != 0:
		return d.digit(c)
	case c == '\\':
		d.flushPartial()
		d.escape = 1
	case c < utf8.RuneSelf:
		d.flushPartial()
		d.flushHigh()
		d.rune(rune(c))
	default:
		d.flushHigh()
		d.partial[d.npart] = c
		d.npart++
		for utf8.FullRune(d.partial[:d.npart]) { // nothing is no full one
			d.takePartial()
		}
	}
	return true
}

func (d *textDecoder) escaped(c byte) bool {
	if c == 'u' {
		d.escape, d.unit = 2, 0
		return true
	}
	r := unescape(c)
	if r == 0 {
		return false
	}
	d.escape = 0
	d.flushHigh()
	d.rune(r)
	return true
}

// unescape returns what the letter after a backslash stands for, or 0.
func unescape(c byte) rune {
	switch c {
	case '"', '\\', '/':
		return rune(c)
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return 0
}

func (d *textDecoder) digit(c byte) bool {
	switch {
	case '0' <= c && c <= '9':
		c -= '0'
	case 'a' <= c && c <= 'f':
		c -= 'a' - 10
	case 'A' <= c && c <= 'F':
		c -= 'A' - 10
	default:
		return false
	}
	d.unit = d.unit<<4 | rune(c)
	if d.escape++; d.escape == 6 {
		d.escape = 0
		d.codeUnit(d.unit)
	}
	return true
}

// codeUnit takes the UTF-16 code unit of an escape.
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
	d.rune(u) // a low surrogate alone becomes U+FFFD there
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

// takePartial takes one character, or one byte of none, off the bytes that wait.
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

// plainRun returns how many bytes at p's start stand for themselves: ASCII, no backslash.
func plainRun(p []byte) int {
	n := 0
	for ; len(p)-n >= 8; n += 8 {
		if w := binary.LittleEndian.Uint64(p[n:]); (w|zeroBytes(w^backslashes))&highBits != 0 {
			break
		}
	}
	for n < len(p) && p[n] < utf8.RuneSelf && p[n] != '\\' {
		n++
	}
	return n
}

// clip shortens text, which is valid UTF-8, to at most limit bytes, at the edge of a character.
func clip(text []byte, limit int) []byte {
	if len(text) <= limit {
		return text
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

const (
	lowBits     = 0x0101010101010101
	highBits    = 0x8080808080808080
	quotes      = lowBits * '"'
	backslashes = lowBits * '\\'
)

// zeroBytes sets the high bit of each byte of w that is zero, and perhaps of bytes above the lowest such.
func zeroBytes(w uint64) uint64 { return (w - lowBits) &^ w & highBits }

package redact

import "bytes"

// KeyLines finds the lines of private keys where lines are redacted one after the other: a key spans many lines, none of which
// looks like a secret by itself. The zero value is ready, for the lines of one stream.
type KeyLines struct {
	inKey int      // lines of a private key so far; 0 outside one
	form  *keyForm // its form
}

// keyForm is how a private key is written over several lines.
type keyForm struct{ begin, private, end []byte }

var keyForms = [...]keyForm{
	{[]byte("-----BEGIN "), []byte("PRIVATE KEY"), []byte("-----END ")},    // PEM, OpenSSH and PGP (RFC 7468)
	{[]byte("---- BEGIN "), []byte("PRIVATE KEY"), []byte("---- END ")},    // SSH2 (RFC 4716)
	{[]byte("Private-Lines: "), []byte("Private-Lines: "), []byte("-MAC")}, // PuTTY
}

// maxKeyLines is where a key without an end is given up.
const maxKeyLines = 200

// Filter returns the part of a line that is not of a private key, and whether a key begins behind it. Shown is false of a line
// that is all of a key. It has to see each line of the stream.
func (k *KeyLines) Filter(line []byte) (keep []byte, key, shown bool) {
	if k.inKey > 0 {
		k.inKey++
		if bytes.Contains(line, k.form.end) || k.inKey > maxKeyLines {
			k.inKey = 0
		}
		return nil, false, false
	}
	for i := range keyForms {
		form := &keyForms[i]
		begin := bytes.Index(line, form.begin)
		if begin < 0 || !bytes.Contains(line[begin:], form.private) ||
			bytes.Contains(line[begin:], form.end) { // all in one line: a pattern finds it
			continue
		}
		k.inKey, k.form = 1, form
		return line[:begin], true, true
	}
	return line, false, true
}

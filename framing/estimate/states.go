package estimate

// A byte belongs to one class, and the counter is in one state: what the bytes before look like. A transition leads to the
// next state and costs a part of a token. So a byte is two lookups and an addition, whatever it is.

// class is what a byte means to the counter.
type class uint8

const (
	lower   class = iota
	letterN       // n and r: after a backslash, the end of a line
	letterT       // t: after a backslash, a tab
	letterU       // u: after a backslash, the code of a character follows
	upper
	digit
	space
	tab
	newline
	joiner // _ - . / and what else is often part of the word after it
	opener // the quotes, brackets and signs that are rarely so
	backslash
	latin       // begins a character of two bytes, of a Latin or Greek script
	cyrillic    // the same of Cyrillic
	otherScript // the same of Armenian, Hebrew, Arabic
	symbol      // begins a character of three bytes: typographic signs, arrows, Indian scripts
	kana        // the same: Japanese syllables, and the punctuation of Chinese
	ideograph   // the same: Chinese characters
	hangul      // the same: Korean syllables
	fullWidth   // the same: other Chinese punctuation, such as commas and brackets
	astral      // begins a character of four bytes: emoji
	inside      // any other byte of a character
	classes     = 32
)

// classOf has the class of each byte.
var classOf = func() (table [256]class) {
	for b := range table {
		switch c := byte(b); {
		case c == 'n' || c == 'r':
			table[b] = letterN
		case c == 't':
			table[b] = letterT
		case c == 'u':
			table[b] = letterU
		case 'a' <= c && c <= 'z':
			table[b] = lower
		case 'A' <= c && c <= 'Z':
			table[b] = upper
		case '0' <= c && c <= '9':
			table[b] = digit
		case c == ' ':
			table[b] = space
		case c == '\t':
			table[b] = tab
		case c == '\n' || c == '\r':
			table[b] = newline
		case c == '_' || c == '-' || c == '.' || c == '/':
			table[b] = joiner
		case c == '\\':
			table[b] = backslash
		case c < 0x80:
			table[b] = opener
		case c < 0xc0:
			table[b] = inside
		case c < 0xd0:
			table[b] = latin
		case c < 0xd2:
			table[b] = cyrillic
		case c < 0xe0:
			table[b] = otherScript
		case c < 0xe3:
			table[b] = symbol
		case c < 0xe4:
			table[b] = kana
		case c < 0xea:
			table[b] = ideograph
		case c < 0xee:
			table[b] = hangul
		case c < 0xf0:
			table[b] = fullWidth
		default:
			table[b] = astral
		}
	}
	return table
}()

// run is what the bytes before look like.
type run uint8

const (
	start     run = iota // nothing: the start of a text
	other                // a character of another script
	lowerRun             // lower-case letters, perhaps after an upper-case one; length 1 to longWord
	upperRun             // upper-case letters; length 1 to longUpper
	digitRun             // digits; length 1 to 3
	random               // letters and digits without a pattern: base64, hashes
	joinerOne            // one joiner
	openerOne            // one opener
	punctRun             // more of both; length 2 to longPunct
	spaceRun             // spaces and tabs; length 1 or 2, which is more
	lineRun              // ends of lines, and nothing else since
	codeRun              // the code of a character, after \u; length 1 to 4 digits that are to come
)

const (
	longWord  = 10
	longUpper = 4
	longPunct = 5
	maxMix    = 3 // changes between letters and digits after which a run is random
)

// state is a run, its length as far as that matters, and how often its word has changed between kinds of characters.
type state struct {
	run    run
	length int
	mix    int
}

package redact

import (
	"errors"
	"strings"
)

// lexer reads the tokens of one JSON value (RFC 8259) where they stand. encoding/json's Decoder reads the same tokens, but
// copies each and makes an error at the end of every value, which took most of the time of a text without secrets. It
// is still what decodes strings with escapes. A fuzz test holds the two against each other.
type lexer struct {
	s     string
	at    int
	open  []byte // the objects and arrays that are open, as { and [
	state lexerState
}

// lexerState says what may come next.
type lexerState uint8

const (
	atValue lexerState = iota
	atFirst            // a value or name, or the end of an empty array or object
	atName
	afterName
	afterValue
)

var (
	errCut    = errors.New("the text ends before the value")
	errSyntax = errors.New("not JSON")
)

// next returns the range of the next token: a string, number, literal, bracket or brace. The commas and colons between are
// no tokens.
func (l *lexer) next() (lo, hi int, err error) {
	for {
		for l.at < len(l.s) && isSpace(l.s[l.at]) {
			l.at++
		}
		if l.at == len(l.s) {
			return 0, 0, errCut
		}
		c := l.s[l.at]
		switch {
		case l.state == afterName && c == ':':
			l.state = atValue
		case l.state == afterValue && c == ',':
			l.state = atValue
			if l.inObject() {
				l.state = atName
			}
		default:
			return l.token(c)
		}
		l.at++
	}
}

func (l *lexer) inObject() bool { return len(l.open) > 0 && l.open[len(l.open)-1] == '{' }

func (l *lexer) token(c byte) (lo, hi int, err error) {
	lo = l.at
	switch last := len(l.open) - 1; {
	case (l.state == atFirst || l.state == afterValue) && last >= 0 && c == l.open[last]+2: // } and ] follow { and [ in ASCII
		l.open, l.state = l.open[:last], afterValue
		l.at++
		return lo, l.at, nil
	case l.state == afterValue || l.state == afterName:
		return lo, lo, errSyntax
	case l.state == atName || l.state == atFirst && l.inObject():
		if c != '"' {
			return lo, lo, errSyntax
		}
		l.state = afterName
	case c == '{' || c == '[':
		l.open, l.state = append(l.open, c), atFirst
		l.at++
		return lo, l.at, nil
	default:
		l.state = afterValue
	}
	n, err := scalarLen(l.s[lo:], len(l.open) > 0)
	l.at += n
	return lo, l.at, err
}

// scalarLen returns the length of the string, number or literal that s begins with. With more, something has to follow:
// a number may otherwise go on.
func scalarLen(s string, more bool) (int, error) {
	switch s[0] {
	case '"':
		return quotedLen(s)
	case 't':
		return literalLen(s, "true")
	case 'f':
		return literalLen(s, "false")
	case 'n':
		return literalLen(s, "null")
	}
	n := numberLen(s)
	switch {
	case n == len(s) && more, n < 0:
		return 0, errCut
	case n == 0:
		return 0, errSyntax
	}
	return n, nil
}

// numberLen returns the length of the number that s begins with: 0 if it begins with none, less if it ends inside one.
func numberLen(s string) int {
	i := 0
	some := func() bool { // reads at least one digit
		lo := i
		i = run(s, i, len(s), isDigit)
		return i > lo
	}
	is := func(set string) bool { return i < len(s) && has(set, s[i]) }
	if is("-") {
		i++
	}
	ok := true
	if is("0") {
		i++
	} else {
		ok = some()
	}
	if ok && is(".") {
		i++
		ok = some()
	}
	if ok && is("eE") {
		i++
		if is("+-") {
			i++
		}
		ok = some()
	}
	switch {
	case ok:
		return i
	case i == len(s):
		return -1
	}
	return 0
}

func literalLen(s, literal string) (int, error) {
	switch {
	case strings.HasPrefix(s, literal):
		return len(literal), nil
	case strings.HasPrefix(literal, s):
		return 0, errCut
	}
	return 0, errSyntax
}

// quotedLen returns the length of the string that s begins with. Escapes are checked when they are decoded.
func quotedLen(s string) (int, error) {
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\':
			i++
		case c < ' ':
			return 0, errSyntax
		}
	}
	return 0, errCut
}

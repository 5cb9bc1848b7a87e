package redact

func isDigit(c byte) bool { return c-'0' < 10 }
func isLower(c byte) bool { return c-'a' < 26 }
func isUpper(c byte) bool { return c-'A' < 26 }
func isAlpha(c byte) bool { return (c|0x20)-'a' < 26 }
func isWord(c byte) bool  { return isAlpha(c) || isDigit(c) }
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isHex(c byte) bool { return isDigit(c) || (c|0x20)-'a' < 6 }

// hexValue returns the value of a hexadecimal digit.
func hexValue(c byte) byte {
	if isDigit(c) {
		return c - '0'
	}
	return (c | 0x20) - 'a' + 10
}

// class tells the kinds of character apart whose changes mark random text.
func class(c byte) byte {
	switch {
	case isDigit(c):
		return 1
	case isLower(c):
		return 2
	case isUpper(c):
		return 3
	}
	return 4
}

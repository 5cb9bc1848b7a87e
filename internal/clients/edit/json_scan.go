package edit

import "bytes"

const (
	// maxDepth is how deep values may be nested. hujson has no bound, and would take the stack of the whole program.
	maxDepth = 512
	// maxValues is how many brackets and commas a file may have: a value takes some hundred bytes while it is edited.
	maxValues = 1 << 20
)

// scanJSON looks at comments, texts and brackets up to an offset, and returns the end of the last of what is neither white
// space nor comment. It refuses what hujson accepts and clients read in different ways.
func scanJSON(text []byte, stop int) (last int, err error) {
	depth, values := 0, 0
	for i := 0; i < stop; {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
			continue
		case bytes.HasPrefix(text[i:], []byte("/*")) || bytes.HasPrefix(text[i:], []byte("//")):
			end, err := skipComment(text, i)
			if err != nil {
				return last, err
			}
			i = end
			continue
		case c == '"':
			end, err := skipString(text, i)
			if err != nil {
				return last, err
			}
			i = end
		default:
			switch c {
			case '{', '[':
				depth, values = depth+1, values+1
			case '}', ']':
				depth--
			case ',':
				values++
			}
			if depth > maxDepth {
				return last, syntaxError(text, i, "values are nested too deep")
			}
			if values > maxValues {
				return last, syntaxError(text, i, "there are too many values before this")
			}
			i++
		}
		last = i
	}
	return last, nil
}

// skipComment returns the end of the comment that begins at an offset: for one of a line, before the line's end.
func skipComment(text []byte, start int) (int, error) {
	if text[start+1] == '*' {
		i := bytes.Index(text[start+2:], []byte("*/"))
		if i < 0 {
			return 0, syntaxError(text, start, "a comment is not closed").broken()
		}
		return start + 2 + i + 2, nil
	}
	end := len(text)
	if i := bytes.IndexByte(text[start:], '\n'); i >= 0 {
		end = start + i
		if text[end-1] == '\r' {
			end--
		}
	}
	if i := bytes.IndexByte(text[start:end], '\r'); i >= 0 {
		return 0, syntaxError(text, start+i, "a comment has a carriage return, which clients read in different ways")
	}
	return end, nil
}

// skipString returns the end of the text in double quotes that begins at an offset.
func skipString(text []byte, start int) (int, error) {
	for i := start + 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\':
			i++
		case c == '\n' || c == '\r':
			return 0, syntaxError(text, start, "a text is not closed on its line: a double quote is missing").broken()
		case c < ' ':
			return 0, syntaxError(text, i, "a control character in a text must be written as an escape").broken()
		}
	}
	return 0, syntaxError(text, start, "a text is not closed: a double quote is missing").broken()
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

// blanks are what JSON allows between values on a line: with the carriage return of the line's end, or one by itself.
const blanks = " \t\r"

func isBlank(text []byte) bool { return len(bytes.Trim(text, blanks)) == 0 }

// skipBlank returns the offset of the next that is not blank.
func skipBlank(text []byte, offset int) int {
	return len(text) - len(bytes.TrimLeft(text[offset:], blanks))
}

// endsLine reports whether nothing follows on the line.
func endsLine(text []byte, offset int) bool {
	next := skipBlank(text, offset)
	return next == len(text) || text[next] == '\n'
}

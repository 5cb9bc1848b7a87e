package session

import "bytes"

// maxReason bounds the bytes seen of an error's text and of the reason of a cancellation.
const maxReason = 512

// maxWords bounds the words of a text; they take at least two bytes each.
const maxWords = maxReason / 2

// words is a text as words in lower case. It has no pointers to the text.
type words struct {
	text [2 * maxReason]byte
	used int
	end  [maxWords]int // of each word in text
	n    int
	at   int // the word at which the class was found
}

func (w *words) word(i int) []byte {
	start := 0
	if i > 0 {
		start = w.end[i-1]
	}
	return w.text[start:w.end[i]]
}

// last returns the word that many before the end, or nothing.
func (w *words) last(back int) string {
	if w.n < back {
		return ""
	}
	return string(w.word(w.n - back))
}

// put adds a word that stands for others.
func (w *words) put(word string) {
	if w.n == maxWords || w.used+len(word) > len(w.text) || word == w.last(1) {
		return
	}
	w.used += copy(w.text[w.used:], word)
	w.end[w.n] = w.used
	w.n++
}

// anyWord stands for any one word of a phrase, and for a name that says nothing.
const anyWord = "~"

// sentenceEnd separates sentences: no phrase goes across it.
const sentenceEnd = "."

// read takes a text apart. If masked, names that say nothing about the error, though they may contain any word, become
// anyWord: what is quoted, paths, addresses, file names, the names of tools.
func (w *words) read(text []byte, masked bool) {
	w.n, w.used = 0, 0
	isJSON := bytes.Contains(text, []byte(`":`)) || bytes.Contains(text, []byte(`{'`)) // there, all texts are quoted
	for len(text) > 0 {
		if n := quoted(text); n > 0 && masked && (!isJSON || text[0] == '`') {
			w.put(anyWord)
			text = text[n:]
			continue
		}
		n := chunk(text)
		if n == 0 {
			if text[0] == '\n' || text[0] == ';' || bytes.HasPrefix(text, []byte(`":"`)) { // a member and its value
				w.put(sentenceEnd)
			}
			text = text[1:]
			continue
		}
		if masked && (isPlace(text[:n]) || w.namesTool(text[:n])) {
			w.put(anyWord)
		} else {
			w.split(text[:n])
		}
		if text[n-1] == '.' {
			w.put(sentenceEnd)
		}
		text = text[n:]
	}
}

// maxQuote bounds what a name in quotes can be. What is longer is a message.
const maxQuote = 60

// quoted returns the length of a quotation at the beginning of a text.
func quoted(text []byte) int {
	if q := text[0]; q == '\'' || q == '"' || q == '`' {
		for i := 1; i < min(len(text), maxQuote+2) && text[i] != '\n'; i++ {
			if text[i] == q && (i+1 == len(text) || !isLetter(text[i+1])) {
				return i + 1
			}
		}
	}
	return 0
}

// chunk returns the length of what stands together at the beginning of a text. An address keeps its query.
func chunk(text []byte) int {
	isAddress := false
	for i, c := range text {
		switch {
		case c <= ' ' || bytes.IndexByte([]byte("\"`()[]{}<>|,"), c) >= 0:
			return i
		case c == '\'' && (i == 0 || i+1 == len(text) || !isLetter(text[i+1])):
			return i
		case (c == ';' || c == '=') && !isAddress:
			return i
		case c == '/':
			isAddress = true
		}
	}
	return len(text)
}

// isPlace reports whether a chunk is a path, an address or the name of a file.
func isPlace(chunk []byte) bool {
	if i := bytes.IndexByte(chunk, '/'); i >= 0 {
		return len(chunk) > 3 && !bytes.EqualFold(chunk[:i], []byte("http"))
	}
	if i := bytes.IndexByte(chunk, '\\'); i >= 0 {
		return i > 1 && chunk[i-1] == ':'
	}
	chunk = bytes.TrimRight(chunk, ".:!?")
	dot := bytes.LastIndexByte(chunk, '.')
	return dot > 0 && isExtension(string(chunk[dot+1:]))
}

func isExtension(s string) bool {
	switch s {
	case "csv", "json", "txt", "md", "js", "mjs", "ts", "tsx", "py", "go", "rs", "java", "html", "xml", "yaml", "yml",
		"log", "pdf", "png", "jpg", "sql", "db", "sh", "toml", "ini", "env", "css", "docx", "xlsx", "zip", "com", "org":
		return true
	}
	return false
}

// namesTool reports whether a chunk is the name of a tool, prompt or method: it follows that word, and does not look
// like one of a sentence.
func (w *words) namesTool(chunk []byte) bool {
	switch w.last(1) {
	case "tool":
		switch w.last(2) {
		case "executing", "calling", "running", "invoking":
			return true
		}
		fallthrough
	case "function", "method", "prompt", "resource", "command", "operation":
		return bytes.ContainsAny(chunk, "_-") || isCamel(chunk)
	}
	return false
}

func isCamel(chunk []byte) bool {
	for i := 1; i < len(chunk); i++ {
		if isUpper(chunk[i]) && isLower(chunk[i-1]) {
			return true
		}
	}
	return false
}

// split adds the words of a chunk. CamelCase and snake_case are several words, and an apostrophe is left out.
func (w *words) split(chunk []byte) {
	start := w.used
	add := func() {
		if w.used > start && w.n < maxWords {
			w.end[w.n] = w.used
			w.n++
		}
		start = w.used
	}
	for i, c := range chunk {
		switch {
		case beginsWord(chunk, i):
			add()
		case c == '\'':
			continue
		case !isLetter(c) && (c < '0' || c > '9'):
			add()
			continue
		}
		if w.used == len(w.text) || w.n == maxWords {
			return
		}
		if isUpper(c) {
			c += 'a' - 'A'
		}
		w.text[w.used] = c
		w.used++
	}
	add()
}

// beginsWord reports whether a word of CamelCase begins within a chunk: B of aB, and of XABc, but not the A of OAuth.
func beginsWord(chunk []byte, i int) bool {
	if i == 0 || !isUpper(chunk[i]) {
		return false
	}
	return isLower(chunk[i-1]) || i > 1 && isUpper(chunk[i-1]) && i+1 < len(chunk) && isLower(chunk[i+1])
}

func isUpper(c byte) bool  { return c >= 'A' && c <= 'Z' }
func isLower(c byte) bool  { return c >= 'a' && c <= 'z' }
func isLetter(c byte) bool { return isUpper(c) || isLower(c) || c >= 0x80 }

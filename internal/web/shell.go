package web

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/internal/view"
)

// This file writes names that peers have chosen into commands, which are copied into a shell.

// patternOf returns what --server and --client find a name by: the name itself, with a * for what cannot be shown as it is.
func patternOf(name string) string {
	const longest = 200
	var out strings.Builder
	n, all := 0, false
	for _, r := range name {
		if n++; n > longest {
			r = utf8.RuneError
		}
		is := r == utf8.RuneError || r > unicode.MaxASCII && unicode.IsMark(r) || view.Steady(string(r)) != string(r)
		if !is {
			out.WriteRune(r)
		} else if !all {
			out.WriteByte('*')
		}
		all = is
	}
	return out.String()
}

// shellWord quotes a word for a shell if it has to be.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:+", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// plainWord reports whether a shell takes a text as it is, and a command does not take it for a flag.
func plainWord(text string) bool { return !strings.HasPrefix(text, "-") && shellWord(text) == text }

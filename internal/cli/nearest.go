package cli

import "strings"

// nearest returns the known name that is most like an unknown one, or "" if none is alike.
func nearest(name string, known []string) string {
	upper, best, least := strings.ToUpper(name), "", max(2, len(name)/5)+1
	for _, k := range known {
		if d := distance(upper, strings.ToUpper(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// meant returns the beginning of a hint that asks for a word that is much like an unknown one, or "" if none is.
func meant(word string, known []string) string {
	if best := nearest(word, known); best != "" && 2*distance(word, best) <= len(word) {
		return "did you mean " + best + "? "
	}
	return ""
}

// distance returns how many characters have to be inserted, removed or replaced to turn one name into the other
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1) // of the part of a so far to each beginning of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

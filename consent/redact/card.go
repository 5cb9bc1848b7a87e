package redact

import "strings"

// cardRanges are the issuers' ranges of the first six digits, and the lengths of their numbers (ISO/IEC 7812-1).
var cardRanges = [...]struct{ from, to, shortest, longest int }{
	{400000, 499999, 13, 19},                           // Visa: 13, 16, 18 or 19
	{510000, 559999, 16, 16}, {222100, 272099, 16, 16}, // Mastercard
	{340000, 349999, 15, 15}, {370000, 379999, 15, 15}, // American Express
	{300000, 305999, 14, 19}, {309500, 309599, 14, 19}, // Diners Club
	{360000, 369999, 14, 19}, {380000, 399999, 14, 19},
	{352800, 358999, 16, 19}, {220000, 220499, 16, 19}, {979200, 979289, 16, 19}, // JCB, Mir, Troy
	{601100, 601199, 16, 19}, {644000, 659999, 16, 19}, // Discover
	{620000, 629999, 16, 19}, {810000, 817199, 16, 19}, // UnionPay
	{506000, 509999, 16, 19}, {606282, 606282, 16, 19}, // Verve, Hipercard
	{637000, 639999, 16, 19},                           // Elo
	{600000, 609999, 16, 19}, {633100, 633399, 16, 19}, // RuPay, Switch
	{500000, 505999, 12, 19}, {560000, 589999, 12, 19}, // Maestro, Dankort
	{630400, 630499, 12, 19}, {670000, 679999, 12, 19},
}

// isCard reports whether d is a payment card number: an issuer's range with one of its lengths, the check digit of Luhn
// (ISO/IEC 7812-1), and written in one piece or in the groups that cards have.
func isCard(d *digits) bool {
	if len(d.val) < 12 || strings.Contains(d.opening, "+") || strings.ContainsAny(d.seps, "/(") {
		return false // a telephone number or a date
	}
	if !hasCardGroups(d) || !luhn(d.val) {
		return false
	}
	first := 0
	for _, c := range d.val[:6] {
		first = first*10 + int(c-'0')
	}
	for _, r := range cardRanges {
		if first >= r.from && first <= r.to && len(d.val) >= r.shortest && len(d.val) <= r.longest {
			// The range is Visa's, which has more lengths than a shortest and a longest one.
			return r.from != 400000 || len(d.val) == 13 || len(d.val) == 16 || len(d.val) >= 18
		}
	}
	return false
}

// hasCardGroups reports whether the grouping is that of cards: groups of four with a shorter last one, or 4-6-5 and
// 4-6-4.
func hasCardGroups(d *digits) bool {
	last := len(d.size) - 1
	if last == 0 || last == 2 && d.size[0] == 4 && d.size[1] == 6 {
		return true
	}
	for _, n := range d.size[:last] {
		if n != 4 {
			return false
		}
	}
	return d.size[last] <= 7
}

// luhn reports whether the check digit of v is right: every second digit from the right, beginning with the one before
// the last, counts double, and if that has two digits, as their sum (ISO/IEC 7812-1, annex B).
func luhn(v []byte) bool {
	sum := 0
	for i, c := range v {
		x := int(c - '0')
		if (len(v)-i)%2 == 0 {
			if x *= 2; x > 9 {
				x -= 9
			}
		}
		sum += x
	}
	return sum%10 == 0
}

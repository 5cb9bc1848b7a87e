package redact

// isCard tells whether d is a payment card number: an issuer's range with one of its lengths, the check digit of Luhn
// (ISO/IEC 7812-1), and written in one piece or in the groups that cards have.
func isCard(d digits) bool {
	return d.n >= 12 && d.n <= 19 && !d.plus && d.seps&^(sepSpace|sepDash) == 0 && cardGroups(d) && cardRange(d) &&
		luhn(d.val[:d.n])
}

// cardGroups tells whether the grouping is that of cards: groups of four with a shorter last one, or 4-6-5 and 4-6-4.
func cardGroups(d digits) bool {
	if d.groups == 1 {
		return true
	}
	if d.groups == 3 && d.size[0] == 4 && d.size[1] == 6 {
		return true
	}
	for i := range d.groups - 1 {
		if d.size[i] != 4 {
			return false
		}
	}
	return d.size[d.groups-1] <= 7
}

// cardRange tells whether the number begins and is as long as the numbers of a known issuer.
func cardRange(d digits) bool {
	p := 0 // the first six digits
	for _, c := range d.val[:6] {
		p = p*10 + int(c-'0')
	}
	in := func(lo, hi int) bool { return p >= lo && p <= hi }
	n := d.n
	switch {
	case in(400000, 499999): // Visa
		return n == 13 || n == 16 || n == 18 || n == 19
	case in(510000, 559999), in(222100, 272099): // Mastercard
		return n == 16
	case in(340000, 349999), in(370000, 379999): // American Express
		return n == 15
	case in(300000, 305999), in(309500, 309599), in(360000, 369999), in(380000, 399999): // Diners Club
		return n >= 14
	case in(352800, 358999), in(220000, 220499), in(979200, 979289): // JCB, Mir, Troy
		return n >= 16
	case in(601100, 601199), in(644000, 659999), in(620000, 629999), in(810000, 817199): // Discover, UnionPay
		return n >= 16
	case in(506000, 509999), in(606282, 606282), in(637000, 639999), in(600000, 609999), in(633100, 633399): // Verve, RuPay, Elo, Hipercard, Switch
		return n >= 16
	case in(500000, 505999), in(560000, 589999), in(630400, 630499), in(670000, 679999): // Maestro, Dankort
		return n >= 12
	}
	return false
}

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

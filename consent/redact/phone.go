package redact

import (
	"slices"
	"strings"
)

var phoneWords = []string{
	"phone", "tel", "telefon", "téléphone", "teléfono", "mobile", "mobil", "cell", "fax", "whatsapp", "sms", "msisdn",
	"handy", "cellphone", "contact", "call me",
}

// isPhone reports whether d is a telephone number. The international form is one. Of the national forms, those are
// whose writing distinguishes them from other numbers: a trunk 0 and groups, the 3-3-4 groups of North America. Any
// other form has to be announced by a word.
func isPhone(s string, d *digits, announced bool) bool {
	if len(d.val) > 17 || !beginsApart(s, d.lo) || isDate(d) || strings.Contains(s[d.lo:d.hi], "/-") {
		return false
	}
	switch {
	case strings.Contains(d.opening, "+"): // ITU-T E.164: at most 15 digits, none of the country codes begins with 0
		return len(d.val) >= 7 && len(d.val) <= 15 && d.val[0] != '0' && (d.lo == 0 || s[d.lo-1] != '+')
	case len(d.val) > 15:
		return false
	case d.seps != "" && d.val[0] == '0' && d.val[1] == '0' && d.val[2] != '0': // 00 instead of +
		return len(d.val) >= 11 && d.size[0] <= 5 && !strings.Contains(d.seps, ".") || announced
	}
	goesOn := d.hi+1 < len(s) && s[d.hi] == ' ' && isDigit(s[d.hi+1])
	return announced || isNorthAmerican(d) || isTrunk(d) && !goesOn && !isPostcode(s, d)
}

// isNorthAmerican reports whether d has 3-3-4 groups, with or without the 1 before them. Area and exchange begin with 2
// to 9.
func isNorthAmerican(d *digits) bool {
	v, g := d.val, d.size
	if len(g) == 4 && g[0] == 1 && v[0] == '1' {
		v, g = v[1:], g[1:]
	}
	return slices.Equal(g, []int{3, 3, 4}) && v[0] >= '2' && v[3] >= '2' && !strings.Contains(d.seps, "/")
}

// isTrunk reports whether d is a national number with the trunk prefix 0: in groups, or ten or eleven digits in one
// piece.
func isTrunk(d *digits) bool {
	if d.val[0] != '0' || d.val[1] == '0' || len(d.val) < 9 || len(d.val) > 12 {
		return false
	}
	if len(d.size) == 1 {
		return (len(d.val) == 10 || len(d.val) == 11) && string(d.val) != "0123456789"
	}
	if len(d.size) > 5 { // six groups are more likely bytes
		return false
	}
	if strings.Contains(d.seps, ".") && (len(d.size) < 4 || d.seps != ".") {
		return false
	}
	for _, n := range d.size[1:] {
		if n < 2 {
			return false
		}
	}
	return true
}

// isPostcode reports whether d is a ZIP+4 code of the United States, behind a state: MA 02110-1301.
func isPostcode(s string, d *digits) bool {
	return slices.Equal(d.size, []int{5, 4}) && d.lo >= 3 && s[d.lo-1] == ' ' && isUpper(s[d.lo-2]) && isUpper(s[d.lo-3])
}

// isDate reports whether d is a date, which is written with the same separators.
func isDate(d *digits) bool {
	if len(d.size) < 3 || d.opening != "" {
		return false
	}
	a, b, c := d.size[0], d.size[1], d.size[2]
	year := func(i int) bool { return string(d.val[i:i+2]) == "19" || string(d.val[i:i+2]) == "20" }
	return a == 4 && b <= 2 && c <= 2 && year(0) || a <= 2 && b <= 2 && c == 4 && year(a+b)
}

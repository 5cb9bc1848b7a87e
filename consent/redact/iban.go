package redact

import "strings"

// ibanLengths is the length of an IBAN by country, from the IBAN Registry of SWIFT (release 99).
const ibanLengths = "" +
	"AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 " +
	"EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 " +
	"KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 " +
	"PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30 "

// ibanLength returns the length of the IBANs of a country, which is two letters in upper case; 0 if it has none.
func ibanLength(country string) int {
	_, rest, ok := strings.Cut(ibanLengths, country)
	if !ok {
		return 0
	}
	return int(rest[0]-'0')*10 + int(rest[1]-'0')
}

// findIBANs emits IBANs: a country with its length, in one piece or in groups, whose check digits are right
// (ISO 13616-1, ISO/IEC 7064 MOD 97-10).
func findIBANs(s string, emit emitter) {
	for i := 0; i+15 <= len(s); i++ {
		if !isAlpha(s[i]) || !isAlpha(s[i+1]) || !isDigit(s[i+2]) || i > 0 && isWord(s[i-1]) {
			continue
		}
		if n := ibanLength(strings.ToUpper(s[i : i+2])); n > 0 {
			if hi := ibanEnd(s, i, n); hi > 0 {
				emit(i, hi, KindIBAN)
				i = hi - 1
			}
		}
	}
}

// ibanEnd returns where the IBAN with n characters that begins at i ends; 0 if there is none.
func ibanEnd(s string, i, n int) int {
	var v []byte
	for ; i < len(s) && len(v) < n; i++ {
		switch c := s[i]; {
		case isDigit(c):
			v = append(v, c)
		case isAlpha(c):
			v = append(v, c&^0x20) // in upper case
		case (c == ' ' || c == '-') && s[i-1] != c: // one between groups
		case strings.HasPrefix(s[i:], "\u00a0"):
			i++
		default:
			return 0
		}
	}
	if len(v) < n || i < len(s) && isWord(s[i]) || !isDigit(v[3]) {
		return 0
	}
	// The number that is to leave 1: country and check digits at the end, and A to Z as 10 to 35. It may have 60 digits,
	// so only the remainder is kept.
	rest := 0
	for _, c := range append(v[4:], v[:4]...) {
		if isDigit(c) {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	if rest != 1 {
		return 0
	}
	return i
}

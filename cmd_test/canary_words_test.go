package cmd_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// canary is a secret that must not appear outside the session it was planted in.
type canary struct {
	kind, place string
	needles     []string // its unique parts, any of which would give it away
}

// marker is a harmless word that must appear if and only if one of its levels is captured.
type marker struct {
	word, place string
	levels      []string // levels of SPANPIPE_CAPTURE; or "always", or "never" and a topic
}

// planted is a text with the secrets and markers in it.
type planted struct {
	text     string
	canaries []canary
	markers  []marker
}

// cut marks where a write of the session ends, in the middle of a secret.
const cut = "\x00"

var placeholder = regexp.MustCompile(`\[\[([a-z]+)(?:#([a-z]+))?((?: [a-z]+)*)(\|)?\]\]`)

// plant replaces the placeholders of a text, which testdata/canary/session.txt explains. Equal texts get equal secrets.
func plant(t *testing.T, text string) *planted {
	t.Helper()
	p := &planted{}
	random := rand.New(rand.NewPCG(4, 4))
	named := map[string]string{}
	var out strings.Builder
	heading := ""
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			heading = strings.TrimSpace(strings.TrimPrefix(line, "#"))
			continue
		}
		out.WriteString(placeholder.ReplaceAllStringFunc(line, func(found string) string {
			m := placeholder.FindStringSubmatch(found)
			kind, name, levels, split := m[1], m[2], strings.Fields(m[3]), m[4] != ""
			if known, ok := named[kind+"#"+name]; ok && name != "" {
				return known
			}
			var value string
			if kind == "word" {
				value = word(len(p.markers))
				p.markers = append(p.markers, marker{value, heading, levels})
			} else {
				var needles []string
				value, needles = secret(t, kind, random)
				if kind == "pem" && line[0] != '!' {
					value = strings.ReplaceAll(value, "\n", `\n`)
				}
				p.canaries = append(p.canaries, canary{kind, heading, needles})
			}
			if split {
				value = value[:len(value)/2] + cut + value[len(value)/2:]
			}
			named[kind+"#"+name] = value
			return value
		}))
	}
	p.text = out.String()
	return p
}

// word returns the nth harmless word. No word contains another.
func word(n int) string {
	first := strings.Fields("amber brisk calm dusty eager fuzzy gentle humble " +
		"icy jolly keen lucky mellow noble olive plain")
	second := strings.Fields("badger cobra dingo egret falcon gecko heron ibis " +
		"jackal koala lemur marmot newt otter panda quail")
	if n >= len(first)*len(second) {
		panic("not enough words") // the session has more markers than there are pairs
	}
	return first[n/len(second)] + "-" + second[n%len(second)]
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

func letters(random *rand.Rand, n int, of string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = of[random.IntN(len(of))]
	}
	return string(b)
}

// secret makes a secret of a kind and returns the needles to search for. They do not occur by chance in times, measured values,
// ids and names: a number counts where it stands alone, and no other needle consists of hexadecimal digits.
func secret(t *testing.T, kind string, random *rand.Rand) (text string, needles []string) {
	t.Helper()
	for {
		text, needles = draw(t, kind, random)
		if !slices.ContainsFunc(needles, func(n string) bool { return !isNumber(n) && hexadecimal.MatchString(n) }) {
			return text, needles
		}
	}
}

var hexadecimal = regexp.MustCompile(`^[0-9a-fA-F]+$`)

func isNumber(s string) bool { return strings.Trim(s, digits) == "" }

// draw makes a secret of a kind and its needles.
func draw(t *testing.T, kind string, random *rand.Rand) (text string, needles []string) {
	t.Helper()
	token := func(n int) string { return letters(random, n, lower+upper+digits) }
	after := func(prefix, body string) (string, []string) { return prefix + body, windows(body) }
	switch kind {
	case "opaque": // of no known form: only for places that are never captured, or next to a name like "password"
		return after("", token(22))
	case "password": // as people choose them
		return after("", strings.ToUpper(letters(random, 1, lower))+letters(random, 6, lower)+
			letters(random, 4, digits)+letters(random, 3, lower))
	case "github":
		return after("ghp_", token(36))
	case "gitlab":
		return after("glpat-", token(20))
	case "stripe":
		return after("sk_live_", token(24))
	case "slack":
		return after("xoxb-"+letters(random, 12, digits)+"-"+letters(random, 12, digits)+"-", token(24))
	case "aws":
		return after("AKIA", letters(random, 16, upper+"234567"))
	case "jwt":
		part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
		claims := part(fmt.Sprintf(`{"sub":"%s","iat":1700000000}`, token(12)))
		return after(part(`{"alg":"HS256","typ":"JWT"}`)+".", claims+"."+token(43))
	case "email":
		local := letters(random, 5, lower) + "." + letters(random, 8, lower)
		return local + "@mail.example.com", windows(local)
	case "person":
		return after("", letters(random, 9, lower))
	case "phone":
		n := "79" + letters(random, 8, digits)
		needles := []string{n, "44" + n}
		for _, space := range []string{" ", "+", "%20"} {
			needles = append(needles, n[:4]+space+n[4:])
		}
		return "+44 " + n[:4] + " " + n[4:], needles
	case "card", "cardnumber":
		n := luhn("4929" + letters(random, 11, digits))
		spaced := n[:4] + " " + n[4:8] + " " + n[8:12] + " " + n[12:]
		if kind == "card" {
			return spaced, []string{n, spaced, spaced[:14], spaced[5:]}
		}
		needles := []string{n, spaced}
		for i := range 4 {
			needles = append(needles, n[:12+i], n[1+i:])
		}
		return n, needles
	case "iban":
		// Maltese IBANs have letters; eight digits in a row occur in numbers by chance.
		account := "MALT01100" + letters(random, 18, upper+digits)
		return after("MT"+ibanCheck("MT", account), account)
	case "ip":
		ip := "2001:db8"
		for range 6 {
			ip += fmt.Sprintf(":%x", 0x1000+random.IntN(0xe000))
		}
		return ip, windows(ip[9:])
	case "connection":
		body := token(16)
		return "postgres://app:" + body + "@db.example.com/orders", windows(body)
	case "pem":
		body := token(64)
		text = "-----BEGIN RSA PRIVATE KEY-----\n" + body + "\n" + body[:20] + "\n-----END RSA PRIVATE KEY-----"
		return text, windows(body)
	}
	t.Fatalf("unknown kind of secret %q", kind)
	return "", nil
}

// windows returns every part of a secret that is long enough to give it away, so that half a secret is found too.
func windows(secret string) []string {
	const size = 8
	if len(secret) <= size {
		return []string{secret}
	}
	var out []string
	for i := range len(secret) - size + 1 {
		// A run such as 00000000 gives nothing away, and occurs in numbers.
		if part := secret[i : i+size]; distinct(part) > 3 {
			out = append(out, part)
		}
	}
	return out
}

func distinct(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

// luhn appends a payment card's check digit (ISO/IEC 7812).
func luhn(number string) string {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return number + fmt.Sprint((10-sum%10)%10)
}

// ibanCheck returns the two check digits of an IBAN (ISO 7064, mod 97-10).
func ibanCheck(country, account string) string {
	rest := 0
	for _, c := range account + country + "00" {
		n := int(c - '0')
		if c >= 'A' {
			n = int(c-'A') + 10
			rest = rest * 10 % 97
		}
		rest = (rest*10 + n%10 + n/10*10) % 97
	}
	return fmt.Sprintf("%02d", 98-rest)
}

// search finds canaries in texts of any size. It looks needles up by their first bytes.
type search struct {
	byHead map[[headSize]byte][]needle
}

type needle struct {
	text string
	of   *canary
}

const headSize = 6

func newSearch(canaries []canary) *search {
	s := &search{map[[headSize]byte][]needle{}}
	for i := range canaries {
		for _, text := range canaries[i].needles {
			text = strings.ToLower(text) // a secret in other letters is still a leak
			head := [headSize]byte([]byte(text))
			s.byHead[head] = append(s.byHead[head], needle{text, &canaries[i]})
		}
	}
	return s
}

// hit is a needle and where it was found.
type hit struct {
	needle
	at int
}

// found returns a hit for each canary in a text.
func (s *search) found(text []byte) []hit {
	text = bytes.ToLower(text)
	var hits []hit
	for i := 0; i+headSize <= len(text); i++ {
		for _, n := range s.byHead[[headSize]byte(text[i:])] {
			known := func(h hit) bool { return h.of == n.of }
			if bytes.HasPrefix(text[i:], []byte(n.text)) && !inNumber(text, i, n.text) && !slices.ContainsFunc(hits, known) {
				hits = append(hits, hit{n, i})
			}
		}
	}
	return hits
}

// inNumber reports whether a number at text[at:] is a part of a longer one, or of a fraction: times and measured values have so many
// digits that some of them are those of a telephone number.
func inNumber(text []byte, at int, number string) bool {
	digit := func(i int) bool { return i >= 0 && i < len(text) && strings.IndexByte(digits, text[i]) >= 0 }
	return isNumber(number) &&
		(digit(at-1) || digit(at+len(number)) || at > 0 && text[at-1] == '.' && digit(at-2))
}

// in fails the test if a text contains canaries.
func (s *search) in(t *testing.T, where string, text []byte) {
	t.Helper()
	for _, h := range s.found(text) {
		around := bytes.ToLower(text)
		t.Errorf("%s contains a secret (%s, planted in: %s): ...%q...", where, h.of.kind, h.of.place,
			around[max(0, h.at-60):min(len(around), h.at+60)])
	}
}

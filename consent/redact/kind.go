package redact

import "strings"

// Kind says what was removed. It is the word after the colon in a marker: [redacted:email].
type Kind string

// The closed list of kinds. Besides these only the names of the user's own patterns occur.
const (
	KindAuthorization Kind = "authorization" // value of an Authorization header or a member of that name
	KindCard          Kind = "card"          // payment card number
	KindConnection    Kind = "connection"    // connection string
	KindContent       Kind = "content"       // a whole text that could not be made safe otherwise
	KindCookie        Kind = "cookie"        // cookie or session id
	KindCredential    Kind = "credential"    // credential that a gitleaks rule recognised
	KindEmail         Kind = "email"         // e-mail address
	KindIBAN          Kind = "iban"          // international bank account number
	KindID            Kind = "id"            // number that the state gave a person, such as a social security number
	KindIP            Kind = "ip"            // IPv4 or IPv6 address
	KindJWT           Kind = "jwt"           // JSON Web Token, signed or encrypted
	KindKey           Kind = "key"           // API key, access key, or secret key material in a member of that name
	KindMAC           Kind = "mac"           // hardware address
	KindPassword      Kind = "password"      // password, passphrase or seed phrase
	KindPhone         Kind = "phone"         // telephone number
	KindPIN           Kind = "pin"           // PIN, one-time code or card security code
	KindPrivateKey    Kind = "private-key"   // private key in PEM, OpenSSH, PGP or age form
	KindSecret        Kind = "secret"        // other member whose name says it is secret
	KindToken         Kind = "token"         // bearer token, or opaque state in a member of that name
	KindUser          Kind = "user"          // user name in a path, or the current user's name
	KindUserinfo      Kind = "userinfo"      // user name and password in a URL
)

// Kinds lists every Kind above, in order.
func Kinds() []Kind {
	return []Kind{
		KindAuthorization, KindCard, KindConnection, KindContent, KindCookie, KindCredential, KindEmail, KindIBAN,
		KindID, KindIP, KindJWT, KindKey, KindMAC, KindPassword, KindPhone, KindPIN, KindPrivateKey, KindSecret,
		KindToken, KindUser, KindUserinfo,
	}
}

const (
	markerOpen  = "[redacted:"
	markerClose = "]"
)

// Marker is the text that stands for something of kind k.
func (k Kind) Marker() string { return markerOpen + string(k) + markerClose }

// markers finds the markers of known kinds in s, in order. Text that only looks like a marker is no marker: a peer could
// otherwise hide content in one.
func (r *Redactor) markers(s string) []span {
	var out []span
	for at := 0; ; {
		i := strings.Index(s[at:], markerOpen)
		if i < 0 {
			return out
		}
		lo := at + i
		at = lo + len(markerOpen)
		n := strings.Index(s[at:min(len(s), at+maxKindLen+1)], markerClose)
		if n < 0 {
			continue
		}
		if k := Kind(s[at : at+n]); r.kinds[k] {
			at += n + 1
			out = append(out, span{lo: lo, hi: at, kind: k})
		}
	}
}

// maxKindLen bounds the name of a kind, the user's included.
const maxKindLen = 32

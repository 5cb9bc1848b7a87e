package redact

// Kind says what was removed. It is the word after the colon in a marker: [redacted:email].
type Kind string

// The closed list of kinds. Besides these, only the names of the user's own patterns occur.
const (
	KindAuthorization Kind = "authorization" // value of an Authorization header, or of a member with such a name
	KindCard          Kind = "card"          // payment card number
	KindConnection    Kind = "connection"    // connection string
	KindContent       Kind = "content"       // a whole text that could not be made safe otherwise
	KindCookie        Kind = "cookie"        // cookie or session id
	KindCredential    Kind = "credential"    // credential in the form of a known issuer
	KindEmail         Kind = "email"         // e-mail address
	KindIBAN          Kind = "iban"          // international bank account number
	KindID            Kind = "id"            // number that a state gave a person, such as a social security number
	KindIP            Kind = "ip"            // IPv4 or IPv6 address
	KindJWT           Kind = "jwt"           // JSON Web Token, signed or encrypted
	KindKey           Kind = "key"           // API key, access key, or key material in a member with such a name
	KindMAC           Kind = "mac"           // hardware address
	KindPassword      Kind = "password"      // password, passphrase or seed phrase
	KindPhone         Kind = "phone"         // telephone number
	KindPIN           Kind = "pin"           // PIN, one-time code or card security code
	KindPrivateKey    Kind = "private-key"   // private key in PEM, OpenSSH, PGP or age form
	KindSecret        Kind = "secret"        // any other member whose name says that it is secret
	KindToken         Kind = "token"         // token, or opaque state in a member with such a name
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

// isAddress reports whether a kind says who or where a person or a machine is, and opens nothing.
func (k Kind) isAddress() bool {
	return k == KindEmail || k == KindIP || k == KindMAC || k == KindUser
}

const (
	markerOpen  = "[redacted:"
	markerClose = "]"
)

// maxKindLen bounds the name of a kind, including the user's own, in bytes.
const maxKindLen = 32

// Marker returns the text that stands for something of kind k. It has no character that JSON or a URI escapes, so it
// fits at any depth of wrapping.
func (k Kind) Marker() string { return markerOpen + string(k) + markerClose }

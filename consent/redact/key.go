package redact

import "strings"

// keyWords is the name of a member, header, variable or flag, split into lower-case words: clientSecret, CLIENT_SECRET,
// client-secret and "client secret" are all the words client and secret.
type keyWords struct {
	buf   [96]byte
	used  int
	word  [12]string
	words int
}

// split splits key. The words alias buf, so k must outlive them. Of a longer name the end counts.
func (k *keyWords) split(key string) {
	key = key[max(0, len(key)-len(k.buf)):]
	start := 0
	flush := func() {
		if k.used > start {
			if k.words == len(k.word) {
				copy(k.word[:], k.word[1:])
				k.words--
			}
			k.word[k.words] = string(k.buf[start:k.used])
			k.words++
			start = k.used
		}
	}
	for i := range len(key) {
		c := key[i]
		if !isWord(c) {
			flush()
			continue
		}
		if i > 0 && k.used > start && boundary(key, i) {
			flush()
		}
		if isUpper(c) {
			c |= 0x20
		}
		k.buf[k.used] = c
		k.used++
	}
	flush()
}

// boundary tells whether a new word begins at key[i]: aB, ABc (before the B), a1 and 1a.
func boundary(key string, i int) bool {
	c, before := key[i], key[i-1]
	switch {
	case isUpper(c) && isLower(before):
		return true
	case isUpper(c) && isUpper(before):
		return i+1 < len(key) && isLower(key[i+1]) && !(key[i+1] == 's' && i+2 == len(key)) // URLs, APIKeys
	case isDigit(c) != isDigit(before):
		return true
	}
	return false
}

// last returns the n-th word from the end, "" if there are fewer.
func (k *keyWords) last(n int) string {
	if n >= k.words {
		return ""
	}
	return k.word[k.words-1-n]
}

// keyKind tells by its name what the value of a member is; "" if the name says nothing.
func keyKind(key string) Kind {
	if len(key) < 2 || !mayBeSecret(key) {
		return ""
	}
	var k keyWords
	k.split(key)
	for k.words > 1 && isNumber(k.last(0)) { // password2, api_key_1
		k.words--
	}
	if describes(&k) {
		return ""
	}
	for n := range k.words {
		if kind := wordKind(&k, n); kind != "" {
			return kind
		}
	}
	return ""
}

// stems are parts of every name that keyKind knows: most names have none and cost no more than this.
var stems = [...]string{
	"pass", "pwd", "secret", "token", "key", "cred", "auth", "cookie", "bearer", "jwt", "pin", "otp", "cvv", "cvc", "csc", "cvn",
	"code", "ssn", "social", "dsn", "conn", "database", "db", "url", "uri", "sig", "csrf", "xsrf", "mnemonic", "phrase", "session",
	"sid", "state", "card", "pan", "ccn", "salt", "sas", "pw", "totp", "mfa", "number", "phone", "mobile",
}

func mayBeSecret(key string) bool {
	for _, stem := range stems {
		if indexFold(key, stem) >= 0 {
			return true
		}
	}
	return false
}

func isNumber(w string) bool { return strings.Trim(w, "0123456789") == "" }

// kindMaybe is what the name key alone says: an issue's key, a map's, or a secret one. The value decides.
const kindMaybe Kind = "?"

// certain replaces kindMaybe by what the value says.
func certain(kind Kind, value string) Kind {
	if kind != kindMaybe {
		return kind
	}
	return only(!strings.ContainsAny(value, " /.:") && randomWord(strings.Map(dropDashes, value)), KindKey)
}

// describes tells names that describe a secret, count it or say where it is, instead of holding it: token_count,
// passwordMinLength, key_id, secret_name, public_key, use_auth.
func describes(k *keyWords) bool {
	switch k.last(0) {
	case "count", "counts", "limit", "limits", "max", "min", "length", "len", "size", "type", "types", "name", "names", "usage",
		"used", "total", "budget", "url", "uri", "endpoint", "path", "file", "filename", "dir", "policy", "policies", "format",
		"expires", "expiry", "expiration", "expired", "ttl", "at", "in", "enabled", "disabled", "required", "valid", "hint",
		"algorithm", "alg", "method", "mode", "strategy", "version", "age", "rotation", "rules", "strength", "field", "column",
		"label", "placeholder", "description", "title", "provider", "scheme", "scope", "scopes", "status", "error", "reset",
		"index", "price", "cost", "rate", "ratio", "per", "left", "remaining", "board", "word", "words", "frame", "press", "map",
		"arn", "ref", "vault", "store", "server", "host", "user", "username", "header", "param", "prefix", "suffix", "exists",
		"present", "set", "changed", "updated", "only", "safe", "icon", "input", "class", "parser", "izer", "domain", "expire":
		return !isConnection(k) && k.last(1) != "shared" && !(k.last(0) == "set" && k.last(1) == "cookie")
	case "secrets":
		return oneOf(k.last(1), "store", "vault", "count")
	case "id", "ids":
		switch k.last(1) {
		case "session", "sess", "secret", "ssn":
			return false
		}
		return true
	}
	switch k.word[0] {
	case "public", "max", "min", "num", "total", "is", "has", "use", "show", "hide", "no", "enable", "disable", "require", "requires", "needs",
		"with", "without", "allow", "forgot", "reset", "count", "per", "n":
		return k.words > 1
	}
	return false
}

func isConnection(k *keyWords) bool {
	switch k.last(0) {
	case "url", "uri":
		switch k.last(1) {
		case "database", "db", "redis", "mongo", "mongodb", "postgres", "postgresql", "mysql", "amqp", "rabbitmq", "connection",
			"broker", "jdbc", "webhook":
			return true
		}
	}
	return false
}

// wordKind tells what the n-th word from the end of a name says, with the words beside it.
func wordKind(k *keyWords, n int) Kind {
	w, before := k.last(n), k.last(n+1)
	switch w {
	case "password", "passwords", "passwd", "passwds", "passphrase", "passphrases", "passcode", "userpassword", "pword", "passwort",
		"contraseña", "motdepasse", "kennwort", "mnemonic", "dbpass", "userpass", "mysqlpass", "rootpass", "adminpass", "smtppass",
		"ftppass", "sshpass", "httppass", "proxypass", "storepass", "keypass", "mypass":
		return KindPassword
	case "pwd", "pass", "pw", "psw":
		return only(n == 0, KindPassword)
	case "phrase":
		return only(oneOf(before, "pass", "seed", "recovery", "secret", "mnemonic"), KindPassword)
	case "secret", "secrets":
		return KindSecret
	case "salt":
		return only(before != "", KindSecret)
	case "credential", "credentials", "creds", "cred":
		return KindSecret
	case "authorization", "authorisation":
		return KindAuthorization
	case "auth":
		return only(n == 0 && !oneOf(before, "o", "no", "two"), KindAuthorization)
	case "cookie", "cookies", "phpsessid", "jsessionid", "sessionid", "sessid", "sid":
		return only(n == 0 || w != "sid" && w != "cookie" && w != "cookies", KindCookie)
	case "id":
		return only(oneOf(before, "session", "sess"), KindCookie)
	case "session":
		return only(n == 0 && oneOf(before, "php", "laravel", "connect", "user"), KindCookie)
	case "bearer", "jwt", "csrf", "xsrf", "csrftoken", "xsrftoken":
		return KindToken
	case "token":
		return only(!countedToken(k, n), KindToken)
	case "tokens":
		return only(n == 0 && oneOf(before, "", "api", "access", "refresh", "auth", "bearer", "user", "bot", "session", "device"), KindToken)
	case "state":
		return only(n == 0 && oneOf(before, "request", "oauth"), KindToken)
	case "signature", "sig":
		return only(n == 0 && (w == "sig" || oneOf(before, "amz", "goog", "url", "x", "hmac", "request")), KindToken)
	}
	return compoundKind(k, n, w, before)
}

func countedToken(k *keyWords, n int) bool {
	return n > 0 && oneOf(k.last(n-1), "count", "limit", "usage", "bucket", "budget", "length", "ring", "izer", "stream", "class", "based")
}

// compoundKind knows the names that are secret only together with another word, and words written together.
func compoundKind(k *keyWords, n int, w, before string) Kind {
	switch w {
	case "key", "keys":
		if n == 0 && k.words == 1 {
			return kindMaybe
		}
		return only(n == 0 && secretKey(before), KindKey)
	case "apikey", "apikeys", "appkey", "accesskey", "secretkey", "privatekey", "authkey", "accountkey", "masterkey", "signingkey",
		"encryptionkey", "sharedkey", "sharedaccesskey", "sas":
		return only(n == 0 || w != "sas", KindKey)
	case "pin", "otp", "cvv", "cvc", "csc", "cvn", "totp", "pincode", "mfa":
		return only(n == 0, KindPIN)
	case "code":
		return only(n == 0 && oneOf(before, "pin", "otp", "security", "verification", "auth", "authorization", "mfa", "fa", "sms", "login",
			"recovery", "backup", "cvv", "authentication", "confirmation"), KindPIN)
	case "ssn":
		return KindID
	case "number":
		return only(before == "security" && k.last(n+2) == "social", KindID) + only(oneOf(before, "card", "cc") && n == 0, KindCard) +
			only(oneOf(before, "phone", "telephone", "mobile", "fax") && n == 0, KindPhone)
	case "phone", "telephone", "mobile", "phonenumber", "cellphone":
		return only(n == 0, KindPhone)
	case "cardnumber", "ccnumber", "ccnum", "pan":
		return only(n == 0, KindCard)
	case "dsn", "connectionstring", "connstring", "connstr":
		return KindConnection
	case "string", "str":
		return only(oneOf(before, "connection", "conn"), KindConnection)
	case "url", "uri":
		return only(n == 0 && isConnection(k), KindConnection)
	}
	return joinedKind(w)
}

// joinedKind knows words that end in a secret one: PGPASSWORD, authtoken, clientsecret.
func joinedKind(w string) Kind {
	for _, e := range [...]struct {
		end  string
		kind Kind
	}{
		{"password", KindPassword}, {"passwd", KindPassword}, {"passphrase", KindPassword}, {"secret", KindSecret},
		{"token", KindToken}, {"apikey", KindKey}, {"secretkey", KindKey}, {"privatekey", KindKey}, {"accesskey", KindKey},
		{"cookie", KindCookie}, {"credentials", KindSecret},
	} {
		if len(w) > len(e.end) && strings.HasSuffix(w, e.end) {
			return only(w != "jsonwebtoken", e.kind)
		}
	}
	return ""
}

// secretKey tells which keys are secret by the word before: an API key is, a primary key is not.
func secretKey(before string) bool {
	return oneOf(before, "api", "access", "secret", "private", "auth", "encryption", "decryption", "signing", "account", "master",
		"session", "ssh", "service", "shared", "license", "licence", "subscription", "webhook", "app", "client", "deploy", "aes",
		"hmac", "rsa", "gpg", "pgp", "consumer", "admin", "server", "openai", "anthropic", "gemini", "stripe", "google", "azure",
		"aws", "maps", "functions", "bot", "write", "read", "integration", "crypto", "cipher", "wallet", "host", "storage", "hub",
		"tls", "ssl", "jwt", "preshared", "psk", "root", "developer", "dev", "prod", "user", "team", "org", "publishable", "rest")
}

func only(ok bool, k Kind) Kind {
	if ok {
		return k
	}
	return ""
}

func oneOf(w string, words ...string) bool {
	for _, x := range words {
		if w == x {
			return true
		}
	}
	return false
}

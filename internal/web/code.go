package web

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/spanpipe/spanpipe/internal/web/api"
)

// CodeAge is how long a code can be exchanged.
const CodeAge = 30 * time.Second

// mostCodes is how many codes are valid at once: links that a person has asked for within CodeAge.
const mostCodes = 8

// codes are the one-time codes of links. A browser that knows one gets the token; the token itself never stands in an
// address, a file, or the arguments of a process.
//
// A code has 192 random bits, so guessing does not help, at any rate. A bound on wrong ones would help others only: they could
// lock the owner out.
type codes struct {
	token string
	now   func() time.Time

	mu    sync.Mutex
	valid []code // the oldest first
}

type code struct {
	text    string
	expires time.Time
	spent   func() // is called once: when it was used, or cannot be used any more
}

func newCodes(now func() time.Time) *codes { return &codes{token: secret(32), now: now} }

// secret returns random bytes as text that needs no escapes.
func secret(size int) string {
	b := make([]byte, size)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// make returns a new code. It calls spent when the code was used or has been replaced by newer ones, but not when it expires.
func (c *codes) make(spent func()) string {
	c.mu.Lock()
	fresh := code{secret(24), c.now().Add(CodeAge), spent}
	c.valid = append(c.valid, fresh)
	var old []code
	if extra := len(c.valid) - mostCodes; extra > 0 {
		old, c.valid = c.valid[:extra:extra], c.valid[extra:]
	}
	c.mu.Unlock()
	for _, o := range old {
		o.spent()
	}
	return fresh.text
}

// exchange reports whether a text is a valid code, which it uses up.
func (c *codes) exchange(text string) bool {
	c.mu.Lock()
	found := -1
	for i, v := range c.valid {
		if subtle.ConstantTimeCompare([]byte(v.text), []byte(text)) == 1 {
			found = i
		}
	}
	if found < 0 {
		c.mu.Unlock()
		return false
	}
	used := c.valid[found]
	c.valid = append(c.valid[:found:found], c.valid[found+1:]...)
	c.mu.Unlock()
	used.spent()
	return c.now().Before(used.expires)
}

// holds reports whether a text is the token.
func (c *codes) holds(text string) bool {
	return subtle.ConstantTimeCompare([]byte(c.token), []byte(text)) == 1
}

// mostCode bounds the body of a request for the token.
const mostCode = 4 << 10

// exchange answers POST /api/v1/token.
func (s *Server) exchange(r *http.Request) (any, error) {
	var asked api.Code
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, mostCode)).Decode(&asked); err != nil {
		return nil, wrong("the body is not a code", `want {"code": "…"}, at most 4 kB`)
	}
	if !s.codes.exchange(asked.Code) {
		return nil, refusal(http.StatusForbidden, "the link has been used, or is older than 30 seconds", newLink)
	}
	return api.Token{Reply: s.stamp(), Token: s.codes.token}, nil
}

// newLink is what helps where there is no token.
const newLink = "press Enter in the terminal where spanpipe ui runs, or run spanpipe ui again"

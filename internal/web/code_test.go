package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/web/api"
)

// exchange sends a code, and returns the status and the token.
func exchange(t *testing.T, h http.Handler, code string) (int, string) {
	t.Helper()
	reply := ask(t, h, "POST", "/api/v1/token", fmt.Sprintf(`{"code":%q}`, code), "Content-Type", "application/json",
		"Origin", "http://"+ours, "Sec-Fetch-Site", "same-origin")
	if reply.StatusCode != http.StatusOK {
		if f := failureOf(t, reply); f.Next == "" {
			t.Errorf("%s: no word of what to do", reply.Status)
		}
		return reply.StatusCode, ""
	}
	var got api.Token
	if err := json.NewDecoder(reply.Body).Decode(&got); err != nil || got.Token == "" {
		t.Fatalf("%+v, %v", got, err)
	}
	if reply.Header.Get("Cache-Control") != "no-store" {
		t.Error("the token may be kept in a cache")
	}
	return reply.StatusCode, got.Token
}

// TestCodeOnce: a code is exchanged once, for a token that data is given to.
func TestCodeOnce(t *testing.T) {
	s, _ := newServer(t)
	h := s.Guarded("GET "+someData, some)
	spent := 0
	code := s.NewCode(func() { spent++ })
	status, token := exchange(t, h, code)
	if status != http.StatusOK || spent != 1 {
		t.Fatalf("status %d, spent %d times", status, spent)
	}
	if reply := ask(t, h, "GET", someData, "", "Authorization", "Bearer "+token); reply.StatusCode != http.StatusOK {
		t.Errorf("with the token: %s", reply.Status)
	}
	if status, _ := exchange(t, h, code); status != http.StatusForbidden || spent != 1 {
		t.Errorf("again: status %d, spent %d times", status, spent)
	}
	if reply := ask(t, h, "GET", someData, "", "Authorization", "Bearer "+code); reply.StatusCode != http.StatusUnauthorized {
		t.Errorf("the code as a token: %s", reply.Status)
	}
	if status, _ := exchange(t, h, token); status != http.StatusForbidden {
		t.Errorf("the token as a code: %d", status)
	}
	if len(code) < 22 || len(token) < 43 || strings.ContainsAny(code+token, "+/=&#? ") {
		t.Errorf("code %q, token %q: too short, or with what needs escapes", code, token)
	}
}

// TestCodeExpires: a code is valid for 30 seconds.
func TestCodeExpires(t *testing.T) {
	for after, want := range map[time.Duration]int{
		0: http.StatusOK, 29 * time.Second: http.StatusOK, 30 * time.Second: http.StatusForbidden, 24 * time.Hour: http.StatusForbidden,
	} {
		s, _ := newServer(t)
		now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
		s.SetCodeClock(func() time.Time { return now })
		code := s.NewCode(func() {})
		now = now.Add(after)
		if status, _ := exchange(t, s.Handler(), code); status != want {
			t.Errorf("after %v: status %d, want %d", after, status, want)
		}
	}
}

// TestCodeGuessed: wrong codes give nothing and change nothing: the owner's still works.
func TestCodeGuessed(t *testing.T) {
	s, _ := newServer(t)
	code := s.NewCode(func() {})
	for i := range 2000 {
		guess := []byte(code)
		guess[i%len(guess)] ^= byte(1 + i%3)
		if status, token := exchange(t, s.Handler(), string(guess)); status != http.StatusForbidden || token != "" {
			t.Fatalf("guess %d: status %d", i, status)
		}
	}
	for _, wrong := range []string{"", code[:len(code)-1], code + "A", strings.ToUpper(code)} {
		if status, _ := exchange(t, s.Handler(), wrong); status != http.StatusForbidden {
			t.Errorf("%q: status %d", wrong, status)
		}
	}
	if status, _ := exchange(t, s.Handler(), code); status != http.StatusOK {
		t.Errorf("the right one then: %d", status)
	}
}

// TestCodeRace: of many that send the same code at once, one gets the token.
func TestCodeRace(t *testing.T) {
	s, _ := newServer(t)
	code := s.NewCode(func() {})
	var got atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if status, _ := exchange(t, s.Handler(), code); status == http.StatusOK {
				got.Add(1)
			}
		})
	}
	group.Wait()
	if got.Load() != 1 {
		t.Errorf("%d got the token", got.Load())
	}
}

// TestCodesBounded: of many links the last ones are valid, and what belongs to the others is given up.
func TestCodesBounded(t *testing.T) {
	s, _ := newServer(t)
	spent := map[int]int{}
	var codes []string
	for i := range 100 {
		codes = append(codes, s.NewCode(func() { spent[i]++ }))
	}
	if status, _ := exchange(t, s.Handler(), codes[0]); status != http.StatusForbidden || spent[0] != 1 {
		t.Errorf("the first: status %d, spent %d times", status, spent[0])
	}
	if status, _ := exchange(t, s.Handler(), codes[99]); status != http.StatusOK || spent[99] != 1 {
		t.Errorf("the last: status %d, spent %d times", status, spent[99])
	}
}

// TestCodeBodies: a body that is no code is refused, however large.
func TestCodeBodies(t *testing.T) {
	s, _ := newServer(t)
	code := s.NewCode(func() {})
	for name, body := range map[string]string{
		"empty": "", "no JSON": "code=" + code, "a list": `["` + code + `"]`, "a number": `{"code":1}`,
		"large":            `{"code":"` + strings.Repeat("A", 5000) + `"}`,
		"large before it":  strings.Repeat(" ", 5000) + `{"code":"` + code + `"}`,
		"deep":             strings.Repeat("[", 4000),
		"another encoding": "\xff\xfe{",
	} {
		reply := ask(t, s.Handler(), "POST", "/api/v1/token", body)
		if failureOf(t, reply); reply.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", name, reply.Status)
		}
	}
	if status, _ := exchange(t, s.Handler(), code); status != http.StatusOK {
		t.Errorf("the code then: %d", status)
	}
}

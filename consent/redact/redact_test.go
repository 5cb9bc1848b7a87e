package redact_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/consent/redact"
)

func TestText(t *testing.T) {
	r := newRedactor(t)
	for _, tt := range []struct {
		name, in, want string
		truncated      bool
		max            int
	}{
		{name: "nothing to remove", in: "hello world", want: "hello world", max: 100},
		{name: "empty", in: "", want: "", max: 100},
		{name: "several kinds", in: "mail a@b.example or +49 30 901820", want: "mail [redacted:email] or [redacted:phone]", max: 100},
		{name: "half a token at the edge goes", in: "see alice@exam", truncated: true, want: "see ", max: 100},
		{name: "half a card at the edge goes", in: "card 4111 1111 11", truncated: true, want: "card ", max: 100},
		{name: "half an IBAN at the edge goes", in: "pay GB29 NWBK 6016 13", truncated: true, want: "pay ", max: 100},
		{name: "half a password at the edge goes", in: "password: hunt", truncated: true, want: "password: ", max: 100},
		{name: "half a key at the edge goes", in: "k -----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat("MIIBOgIBAAJBAKj3", 8), truncated: true, want: "k -----BEGIN RSA PRIVATE KEY-----\n", max: 100},
		{name: "whole token before the edge stays", in: "one two ", truncated: true, want: "one two ", max: 100},
		{name: "one token and no more", in: "aaaaaaaaaaaa", truncated: true, want: "", max: 100},
		{name: "cut at white space", in: "one two three", want: "one two", max: 9},
		{name: "cut between runes", in: "äöüäöü", want: "äö", max: 5},
		{name: "cut not inside a marker", in: "to alice@example.com", want: "to ", max: 10},
		{name: "half a placeholder takes no more with it", in: "n = 1; token = \"aaaaaaaaaaaaaaaa\";", want: "n = 1; token = \"", max: 23},
		{name: "cut to nothing", in: "alice@example.com", want: "", max: 0},
		{name: "negative maximum", in: "abc", want: "", max: -1},
		{name: "invalid UTF-8", in: "a\xffb", want: "a\ufffdb", max: 100},
		{name: "UTF-16", in: wide("to alice@example.com", 0, 1), want: "to [redacted:email]", max: 100},
		{name: "UTF-16 behind a line feed, the other byte first", in: wide("to alice@example.com", 1, 0), want: "to [redacted:email]", max: 100},
		{name: "UTF-32", in: "\x00\x00" + wide("to alice@example.com", 0, 3), want: "to [redacted:email]", max: 100},
		{name: "UTF-16 without a secret", in: wide("hello world", 0, 1), want: wide("hello world", 0, 1), max: 100},
		{name: "an environment", in: "A=1\x00PASSWORD=hunter2", want: "A=1\x00PASSWORD=[redacted:password]", max: 100},
		{name: "marker of a known kind stays", in: "x [redacted:email] y", want: "x [redacted:email] y", max: 100},
		{name: "forged marker hides nothing", in: "[redacted:alice@example.com]", want: "[redacted:[redacted:email]]", max: 100},
		{name: "marker announces nothing", in: "call +49 30 901820, ticket 12345678", want: "call [redacted:phone], ticket 12345678", max: 100},
		{name: "quote in a password", in: `password="hun\"ter2 x" next`, want: `password="[redacted:password]" next`, max: 100},
		{name: "current user", in: "currentuser in /home/currentuser/x", want: "[redacted:user] in /home/[redacted:user]/x", max: 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := r.Text([]byte(tt.in), tt.truncated, tt.max); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// wide returns a text with zeros around each byte.
func wide(text string, before, after int) string {
	var b strings.Builder
	for i := range len(text) {
		b.WriteString(strings.Repeat("\x00", before) + text[i:i+1] + strings.Repeat("\x00", after))
	}
	return b.String()
}

// What looks like a secret at first sight, and is none, stays.
func TestTextStays(t *testing.T) {
	r := newRedactor(t)
	for _, in := range []string{
		"SSN 000-12-3456 was never issued",
		"requires pkg ^1.2.3.4",
		"pip install pkg==1.2.3.4",
		"password=%s token=%TOKEN%",
		"token_bucket_size=50000 cookie_set=true1",
		"token: 17, tokens: 51200",
		"ping 127.0.0.1 and ::ffff:127.0.0.1",
	} {
		if out := r.Text([]byte(in), false, 100); out != in {
			t.Errorf("%q became %q", in, out)
		}
	}
}

func TestJSON(t *testing.T) {
	r := newRedactor(t)
	for _, tt := range []struct {
		name, in, want string
		truncated      bool
	}{
		{name: "bytes that stay stay as they are", in: "{ \"a\" : 1.0e3,\n\"b\":[ true ,null]}", want: "{ \"a\" : 1.0e3,\n\"b\":[ true ,null]}"},
		{name: "number becomes string", in: `{"pin":1234,"n":5}`, want: `{"pin":"[redacted:pin]","n":5}`},
		{name: "number in a string in a string", in: `{"a":"{\"b\":\"{\\\"pin\\\":1234}\"}"}`, want: `{"a":"{\"b\":\"{\\\"pin\\\":\\\"[redacted:pin]\\\"}\"}"}`},
		{name: "escaped name", in: `{"pass\u0077ord":"x1"}`, want: `{"pass\u0077ord":"[redacted:password]"}`},
		{name: "escape beside a secret", in: `{"a":"\nalice@example.com\t"}`, want: `{"a":"\n[redacted:email]\t"}`},
		{name: "surrogate pair beside a secret", in: `{"a":"\ud83d\ude00 a\u0040b.example"}`, want: `{"a":"😀 [redacted:email]"}`},
		{name: "name that is a secret", in: `{"alice@example.com":{"n":1}}`, want: `{"[redacted:email]":{"n":1}}`},
		{name: "nested under a name", in: `{"credentials":{"x":["one1",{"y":"two2"}]}}`, want: `{"credentials":{"x":["[redacted:secret]",{"y":"[redacted:secret]"}]}}`},
		{name: "own name wins", in: `{"secrets":{"password":"one1"}}`, want: `{"secrets":{"password":"[redacted:password]"}}`},
		{name: "schema", in: `{"password":{"type":"string","minLength":8}}`, want: `{"password":{"type":"string","minLength":8}}`},
		{name: "string alone", in: `"alice@example.com"`, want: `"[redacted:email]"`},
		{name: "number alone", in: `4111111111111111`, want: `"[redacted:card]"`},
		{name: "cut off in a value", in: `{"a":"one two","b":"alice@exa`, truncated: true, want: `{"a":"one two","b":"`},
		{name: "cut off in a secret value", in: `{"password":"my long pass`, truncated: true, want: `{"password":"[redacted:password]`},
		{name: "cut off in a number", in: `{"n": 41111111`, truncated: true, want: `{"n": `},
		{name: "not JSON", in: `alice@example.com said {`, want: `[redacted:email] said {`},
		{name: "member in text", in: `bad: {"passwords":["one1","two2"]} end`, want: `bad: {"passwords":["[redacted:password]","[redacted:password]"]} end`},
		{name: "private part of a JSON Web Key", in: `{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}`, want: `{"kty":"oct","k":"[redacted:private-key]"}`},
		{name: "name and value in capitals", in: `{"Name":"DB_PASSWORD","Value":"hunter2"}`, want: `{"Name":"DB_PASSWORD","Value":"[redacted:password]"}`},
		{name: "nested in a telling name", in: `{"credentials":{"pin":"12","a":"hunter2","b":"short"},"api_keys":{"a":"AyM1SysPpbyDfg_8","b":"prod"}}`,
			want: `{"credentials":{"pin":"[redacted:pin]","a":"[redacted:secret]","b":"[redacted:secret]"},"api_keys":{"a":"[redacted:key]","b":"prod"}}`},
		{name: "closing too often", in: `]]}`, want: `]]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := r.JSON([]byte(tt.in), tt.truncated, 1000)
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if json.Valid([]byte(tt.in)) && !tt.truncated && !json.Valid([]byte(got)) {
				t.Errorf("%s is not JSON", got)
			}
		})
	}
}

// Wherever the capture window ends, nothing of a secret in it is left. Every place in every item of the corpus that has
// one secret is tried.
func TestCutAnywhere(t *testing.T) {
	r := newRedactor(t)
	for i, it := range corpus(t) {
		if len(it.secrets) != 1 || len(it.text) > 300 || it.mode == "uri" || testing.Short() && i%7 != 0 {
			continue
		}
		// A name in quotes, which only an address may have, ends at a quote like any other token.
		if strings.Contains(it.secrets[0], `"`) || strings.Contains(it.secrets[0], "Proc-Type") { // nor is a key's header secret
			continue
		}
		lo := strings.Index(it.text, it.secrets[0])
		if it.kind == "private-key" {
			head := strings.Index(it.secrets[0][len("-----"):], "-----") + 2*len("-----") // not secret
			lo += head
			it.rest += it.secrets[0][:head]
			it.secrets[0], _, _ = strings.Cut(it.secrets[0][head:], "\n-----END")
		}
		for end := lo + minLeak + 1; end < min(len(it.text), lo+len(it.secrets[0])+2); end++ {
			if !utf8.RuneStart(it.text[end]) {
				continue
			}
			var out string
			if it.mode == "json" {
				out = r.JSON([]byte(it.text[:end]), true, 4096)
			} else {
				out = r.Text([]byte(it.text[:end]), true, 4096)
			}
			if it.leaks(out) {
				t.Errorf("%s cut at %d: %q leaves %q", it.where, end, it.text[:end], out)
				break
			}
		}
	}
}

func TestPatterns(t *testing.T) {
	r, err := redact.New(redact.Config{Patterns: []redact.Pattern{
		{Name: "ticket", Regexp: `ACME-\d+`},
		{Name: "badge", Regexp: `badge (\w+)`},
		{Name: "all", Regexp: `z.*`},
		{Name: "token", Regexp: `seat \d+`},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"see ACME-123 now":   "see [redacted:ticket] now",
		"badge x77 of joe":   "badge [redacted:badge] of joe",
		"a zebra [x] z":      "a [redacted:all]",
		"z [redacted:email]": "[redacted:all][redacted:email]",
		"seat 12: row b77x":  "[redacted:token]: row b77x", // the marker is no name of what follows
	} {
		got := r.Text([]byte(in), false, 100)
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
		if again := r.Text([]byte(got), false, 100); again != got {
			t.Errorf("%q: again %q", got, again)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, p := range map[string]redact.Pattern{
		"no name":            {Regexp: "x"},
		"name with a space":  {Name: "a b", Regexp: "x"},
		"name too long":      {Name: strings.Repeat("a", 33), Regexp: "x"},
		"wrong expression":   {Name: "a", Regexp: "hunter2("},
		"matches everything": {Name: "a", Regexp: "x*"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := redact.New(redact.Config{Patterns: []redact.Pattern{p}})
			if err == nil {
				t.Fatal("no error")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error quotes the expression: %v", err)
			}
		})
	}
}

func TestNilLetsNothingThrough(t *testing.T) {
	var r *redact.Redactor
	if out := r.Text([]byte("text"), false, 100); out != "[redacted:content]" {
		t.Errorf("text became %q", out)
	}
	if out := r.Members([]byte(`{"a":1}`), false, 100); out != `"[redacted:content]"` {
		t.Errorf("JSON became %q", out)
	}
}

func TestUser(t *testing.T) {
	for _, tt := range []struct{ name, home, user, in, want string }{
		{"name from home", "/opt/people/zoe", "", "zoe at /opt/people/zoe/x", "[redacted:user] at /opt/people/[redacted:user]/x"},
		{"Windows", `D:\People\Zoe`, "zoe", `D:\People\Zoe\x and D:/People/Zoe/x`, `D:\People\[redacted:user]\x and D:/People/[redacted:user]/x`},
		{"short name", "", "bo", "bo knows", "bo knows"},
		{"name that several people share", "/root", "root", "root of /root/x", "root of /root/x"},
		{"part of a word", "", "zoe", "zoetrope", "zoetrope"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := redact.New(redact.Config{Home: tt.home, User: tt.user})
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Text([]byte(tt.in), false, 200); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestSecrets: for the user's own eyes names and addresses stay, secrets do not.
func TestSecrets(t *testing.T) {
	own := redact.Pattern{Name: "email", Regexp: `boss@\S+`} // a user's own rule holds, whatever it is called
	r, err := redact.New(redact.Config{Home: "/home/kim", User: "kim", Secrets: true, Patterns: []redact.Pattern{own}})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Text([]byte("boss@example.com"), false, 100); got != "[redacted:email]" {
		t.Errorf("got %s", got)
	}
	stays := `"/home/kim/desk", "C:\\Users\\kim\\x", "~ann/x", "http://10.0.0.7:4318", "kim@example.com", "00:1b:44:11:3a:b7"`
	if got := r.Text([]byte(stays), false, 1000); got != stays {
		t.Errorf("got %s", got)
	}
	secret := "https://kim:hunter2hunter2@example.com/home/kim?token=abcdef123456 --password=10.0.0.7 ghp_" + strings.Repeat("a1B2", 9)
	want := "https://[redacted:userinfo]@example.com/home/kim?token=[redacted:token] --password=[redacted:password] [redacted:credential]"
	if got := r.Text([]byte(secret), false, 1000); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMembers(t *testing.T) {
	for _, tt := range []struct {
		name string
		keys []string
		in   string
		want string
	}{
		{"top level", []string{"query", "limit"}, `{"query":"cats","limit":3,"token":"x"}`, `{"query":"cats","limit":3}`},
		{"nested", []string{"filter.name"}, `{"filter":{"name":"a","x":1},"y":2}`, `{"filter":{"name":"a"}}`},
		{"whole subtree", []string{"filter"}, `{"filter":{"name":"a","x":[1,{}]}}`, `{"filter":{"name":"a","x":[1,{}]}}`},
		{"prefix wins", []string{"a.b", "a"}, `{"a":{"c":1}}`, `{"a":{"c":1}}`},
		{"prefix wins, other order", []string{"a", "a.b"}, `{"a":{"c":1}}`, `{"a":{"c":1}}`},
		{"through arrays", []string{"items.id"}, `{"items":[{"id":1,"n":"x"},{"n":"y"},{"id":2}]}`, `{"items":[{"id":1},{"id":2}]}`},
		{"escaped name", []string{"query"}, `{"qu\u0065ry":"cats"}`, `{"query":"cats"}`},
		{"case counts", []string{"Query"}, `{"query":"cats"}`, ``},
		{"nothing allowed", []string{"z"}, `{"query":"cats"}`, ``},
		{"still redacted", []string{"query"}, `{"query":"from alice@example.com"}`, `{"query":"from [redacted:email]"}`},
		{"white space", []string{"b"}, " { \"a\" : [ 1 , 2 ] , \"b\" : true } ", `{"b":true}`},
		{"cut off in an allowed value", []string{"a", "b"}, `{"a":1,"b":"ca`, `{"a":1}`},
		{"cut off in a number", []string{"a", "b"}, `{"a":1,"b":12`, `{"a":1}`},
		{"cut off in a nested object", []string{"f.a"}, `{"f":{"a":"x","b":"y`, `{"f":{"a":"x"}}`},
		{"no object", []string{"a"}, `"a"`, ``},
		{"not JSON", []string{"a"}, `{"a" 1}`, ``},
		{"empty", []string{"a"}, ``, ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := redact.New(redact.Config{Keys: tt.keys})
			if err != nil {
				t.Fatal(err)
			}
			got := r.Members([]byte(tt.in), true, 1000)
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if got != "" && !json.Valid([]byte(got)) {
				t.Errorf("%s is not JSON", got)
			}
		})
	}
	if got := newRedactor(t).Members([]byte(`{"a":1}`), false, 100); got != `{"a":1}` {
		t.Errorf("without an allow-list: %q", got)
	}
	for _, bad := range [][]string{{""}, {"a."}, {".a"}} {
		if _, err := redact.New(redact.Config{Keys: bad}); err == nil {
			t.Errorf("New with keys %q: no error", bad)
		}
	}
}

// Text built to be slow is either redacted in time or replaced as a whole; it is never let through unread.
func TestAdversarial(t *testing.T) {
	r := newRedactor(t)
	picky, err := redact.New(redact.Config{Keys: []string{"b"}})
	if err != nil {
		t.Fatal(err)
	}
	const n = 64 << 10
	for name, unit := range map[string]string{
		"digits": "1 ", "dashes": "1-", "ats": "a@", "equals": "a=", "names": "password=", "colons": "a:", "percent": "%25",
		"backslashes": `\`, "quotes": `"`, "escaped quotes": `\"`, "braces": `{"a":`, "brackets": "[", "base64": "YWxp", "eyJ": "eyJ.",
		"begin": "-----BEGIN PRIVATE KEY", "urls": "://a:", "keywords": "key token api sk_ ghp_ AKIA xoxb- ", "flags": "--token ",
		"is": "password is ", "tilde": "~a", "home": "/home/a", "phone": "phone 1", "marker": "[redacted:", "iban": "DE89 ", "double": `\\`,
		"less than": "<password>", "nested numbers": "[1,", "nested objects": `{"a":{"b":[`, "broken objects": `{"a"`,
	} {
		t.Run(name, func(t *testing.T) {
			in := strings.Repeat(unit, n/len(unit)) + " alice@example.com"
			for _, out := range []string{
				r.Text([]byte(in), false, 2*n), r.JSON([]byte(in), false, 2*n), picky.Members([]byte(in), false, 2*n),
			} {
				if strings.Contains(out, "alice@") {
					t.Errorf("the address is still there")
				}
			}
		})
	}
}

// What is wrapped deeper than is unwrapped is looked at as it stands.
func TestWrappedDeeply(t *testing.T) {
	r := newRedactor(t)
	nested := `{"password":"a\"hunter2","b":"\\","secret":"c\\","mail":"alice@example.com"}`
	for range 7 {
		b, err := json.Marshal(map[string]string{"a": nested})
		if err != nil {
			t.Fatal(err)
		}
		nested = string(b)
		out := r.JSON([]byte(nested), false, 1<<20)
		if strings.Contains(out, "alice@") || strings.Contains(out, "hunter2") || !json.Valid([]byte(out)) {
			t.Errorf("%.300s… became %.300s…", nested, out)
		}
	}
	in := `"alice@example.com"`
	for len(in) < 1<<20 {
		b, err := json.Marshal(in + in)
		if err != nil {
			t.Fatal(err)
		}
		in = string(b)
	}
	if out := r.JSON([]byte(in), false, 1<<22); strings.Contains(out, "alice@") {
		t.Error("the address is still there")
	}
}

// JSON that is replaced as a whole stays JSON. Text that only begins like it has no such promise to keep.
func TestNestedTooDeep(t *testing.T) {
	r := newRedactor(t)
	open, end := strings.Repeat("[", 1001), strings.Repeat("]", 1001)
	for in, want := range map[string]string{open + end: `"[redacted:content]"`, open: "[redacted:content]"} {
		if out := r.JSON([]byte(in), false, 100); out != want {
			t.Errorf("%.3s… with %d brackets: got %s, want %s", in, len(in), out, want)
		}
	}
}

func TestConcurrent(t *testing.T) {
	r := newRedactor(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, it := range corpus(t)[:100] {
				it.redact(r)
			}
		})
	}
	wg.Wait()
}

func TestKinds(t *testing.T) {
	r := newRedactor(t)
	for _, k := range redact.Kinds() {
		if out := r.Text([]byte(k.Marker()), false, 100); out != k.Marker() {
			t.Errorf("%s does not stay: %q", k.Marker(), out)
		}
	}
}

// The rules are compiled when a text first asks for them, which may be never in a test of a text.
func TestRulesCompile(t *testing.T) {
	if n := redact.CompileRules(); n < 200 {
		t.Fatalf("%d rules", n)
	}
}

package recording_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/internal/recording"
)

// redacted records what a client says, with redaction, and returns what is left of it.
func redacted(t testing.TB, cfg redact.Config, said string) string {
	t.Helper()
	redactor, err := redact.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var d disk
	r, err := recording.NewRecorder(recording.Config{Out: &d, Redactor: redactor, Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	pass(r.Tap(recording.Client), said)
	end(r.Tap(recording.Client), true)
	end(r.Tap(recording.Server), true)
	if result := r.Close(t.Context()); result.Missing != 0 || result.Err != nil {
		t.Fatalf("result %+v", result)
	}
	file, err := recording.Read(strings.NewReader(d.file.String()))
	if err != nil || !file.Redacted {
		t.Fatalf("reading: %v, %+v", err, file)
	}
	return saidBy(file, recording.Client)
}

func saidBy(r *recording.Recording, side recording.Side) string { return said(r.Events)[side] }

// TestRedacted: secrets go, and what connects messages stays: ids, tokens of progress, cursors, and the form of everything.
func TestRedacted(t *testing.T) {
	const key = "sk-proj-Ab12Cd34Ef56Gh78Ij90Kl12Mn34Op56Qr78St90"
	for _, test := range []struct{ name, said, want string }{
		{"arguments",
			`{"jsonrpc":"2.0", "id":"8f14e45f-ceea-467f", "method":"tools/call","params":{"name":"login","arguments":{"password":"hunter2","n":1.50}}}`,
			`{"jsonrpc":"2.0", "id":"8f14e45f-ceea-467f", "method":"tools/call","params":{"name":"login","arguments":{"password":"[redacted:password]","n":1.50}}}`},
		{"tokens of progress",
			`{"id":1,"params":{"_meta":{"progressToken":"abcdefgh12345678"}}}` + "\n" + `{"method":"notifications/progress","params":{"progressToken":1234567}}`,
			`{"id":1,"params":{"_meta":{"progressToken":"abcdefgh12345678"}}}` + "\n" + `{"method":"notifications/progress","params":{"progressToken":1234567}}`},
		{"a token that connects nothing",
			`{"id":1,"params":{"arguments":{"progressToken":"abcdefgh12345678"}}}`,
			`{"id":1,"params":{"arguments":{"progressToken":"[redacted:token]"}}}`},
		{"cursors",
			`{"id":1,"result":{"nextCursor":"xkcd1234ABCDefgh5678"}}` + "\n" + `{"id":2,"params":{"cursor":"xkcd1234ABCDefgh5678"}}`,
			`{"id":1,"result":{"nextCursor":"xkcd1234ABCDefgh5678"}}` + "\n" + `{"id":2,"params":{"cursor":"xkcd1234ABCDefgh5678"}}`},
		{"ids that look like personal data, the same wherever they occur",
			`{"id":"ann@example.org"}` + "\n" + `{"id":4111111111111111}` + "\n" + `{"params":{"requestId":"ann@example.org"}}`,
			`{"id":"[redacted:id-1]"}` + "\n" + `{"id":"[redacted:id-2]"}` + "\n" + `{"params":{"requestId":"[redacted:id-1]"}}`},
		{"a batch", `[{"id":4,"result":{"email":"ann@example.org"}},{"id":"` + key + `x"},[{"id":5}]]`,
			`[{"id":4,"result":{"email":"[redacted:email]"}},{"id":"[redacted:id-1]"},[{"id":5}]]`},
		{"ids below", `{"":{"id":"ann@example.org"},"id":{"id":"ann@example.org"},"result":{"id":"ann@example.org"}}`,
			`{"":{"id":"[redacted:email]"},"id":{"id":"[redacted:email]"},"result":{"id":"[redacted:email]"}}`},
		{"members twice", `{"id":1,"id":"x","params":{"cursor":null,"cursor":7}}`, `{"id":1,"id":"x","params":{"cursor":null,"cursor":7}}`},
		{"white space", " \t{ \"id\" : 7 , \"result\" : { \"password\" : \"hunter2\" } } \r", " \t{ \"id\" : 7 , \"result\" : { \"password\" : \"[redacted:password]\" } } \r"},
		{"text", "starting for ann@example.org with " + key, "starting for [redacted:email] with [redacted:credential]"},
		{"a key over several lines", "key:\n-----BEGIN PRIVATE KEY-----\nMIIEvQ\nIBADAN\n-----END PRIVATE KEY-----\nready",
			"key:\n[redacted:private-key]\n[redacted:private-key]\n[redacted:private-key]\n[redacted:private-key]\nready"},
		{"a message amid a key", "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n{\"id\":1}\n-----END PRIVATE KEY-----",
			"[redacted:private-key]\n[redacted:private-key]\n{\"id\":1}\n[redacted:private-key]"},
		{"the user", `{"id":1,"result":{"path":"/home/ann/x"}}`, `{"id":1,"result":{"path":"/home/[redacted:user]/x"}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := redacted(t, redact.Config{Home: "/home/ann", User: "ann"}, test.said+"\n"); got != test.want+"\n" {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
}

// TestRedactedEnd: of a line without an end, half a secret does not stay.
func TestRedactedEnd(t *testing.T) {
	for _, said := range []string{`{"id":1,"params":{"password":"hunt`, "Authorization: Bearer abcd1234ef"} {
		if got := redacted(t, redact.Config{}, said); strings.Contains(got, "hunt") || strings.Contains(got, "abcd") {
			t.Errorf("%q: %q is left", said, got)
		}
	}
}

// TestRedactedCorpus attacks the redaction of recordings with the corpus of consent/redact: where the redactor finds a secret, a
// message that wraps it does not hold it any more either, and stays a message with its id.
func TestRedactedCorpus(t *testing.T) {
	marked := regexp.MustCompile(`(?s)⟦(.*?)⟧`)
	engine, err := redact.New(redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../consent/redact/testdata/corpus/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no corpus: ", err)
	}
	var messages []string
	var secrets [][]string
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			fields := strings.SplitN(strings.ReplaceAll(lines.Text(), "·", ""), "\t", 3)
			if len(fields) != 3 || strings.HasPrefix(fields[0], "#") || fields[1] != "text" {
				continue
			}
			text := strings.NewReplacer("⟦", "", "⟧", "").Replace(fields[2])
			quoted, err := json.Marshal(text)
			if err != nil {
				t.Fatal(err)
			}
			wrapped := `{"content":[{"type":"text","text":` + string(quoted) + `}]}`
			left := engine.JSON([]byte(wrapped), false, 1<<20)
			var found []string // by the engine in this form, which is what counts here; how many it finds is tested there
			for _, m := range marked.FindAllStringSubmatch(fields[2], -1) {
				if len(m[1]) >= 6 && !strings.Contains(left, m[1]) {
					found = append(found, m[1])
				}
			}
			messages = append(messages, `{"jsonrpc":"2.0","id":`+string(rune('1'+len(messages)%9))+`,"result":`+wrapped+`}`)
			secrets = append(secrets, found)
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	got := strings.Split(strings.TrimSuffix(redacted(t, redact.Config{}, strings.Join(messages, "\n")+"\n"), "\n"), "\n")
	if len(got) != len(messages) {
		t.Fatalf("%d lines, want %d", len(got), len(messages))
	}
	count := 0
	for i, line := range got {
		var before, after struct {
			ID     json.Number
			Result struct{ Content []struct{ Type string } }
		}
		if json.Unmarshal([]byte(messages[i]), &before) != nil || json.Unmarshal([]byte(line), &after) != nil ||
			after.ID != before.ID || len(after.Result.Content) != 1 || after.Result.Content[0].Type != "text" {
			t.Errorf("%s became %s", messages[i], line)
		}
		for _, secret := range secrets[i] {
			if count++; strings.Contains(line, secret) {
				t.Errorf("%s holds %s", line, secret)
			}
		}
	}
	t.Logf("%d messages, %d secrets", len(got), count)
	if count < 100 {
		t.Errorf("only %d secrets were looked for", count)
	}
}

// FuzzRedacted: of any line something is left that is one line; a message stays valid JSON, and redacting it again changes nothing.
func FuzzRedacted(f *testing.F) {
	f.Add([]byte(`{"id":"ann@example.org","params":{"_meta":{"progressToken":5},"password":"x1y2z3"}}`))
	f.Add([]byte("[{\"id\":1},[{\"id\":null}],{\"\":{\"id\":4111111111111111}}]\r"))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----"))
	f.Fuzz(func(t *testing.T, line []byte) {
		text, _, _ := strings.Cut(string(line), "\n")
		once := redacted(t, redact.Config{}, text+"\n")
		if strings.Count(once, "\n") != 1 {
			t.Fatalf("%q became %q", text, once)
		}
		if json.Valid([]byte(text)) != json.Valid([]byte(once)) && json.Valid([]byte(text)) {
			t.Fatalf("%q became %q", text, once)
		}
		if again := redacted(t, redact.Config{}, once); again != once {
			t.Fatalf("%q became %q, then %q", text, once, again)
		}
	})
}

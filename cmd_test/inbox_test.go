package cmd_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// inbox receives what Alertmanager sends to PagerDuty, Opsgenie, Slack, a webhook, and by mail.
type inbox struct {
	url, smtp string // addresses

	mu    sync.Mutex
	texts map[string][]string // by path, that of Slack with its channel, or by the receiver of a mail
}

func openInbox(t *testing.T) *inbox {
	t.Helper()
	i := &inbox{texts: map[string][]string{}}
	server := httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(server.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // which ends the loop
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go i.mail(conn) // until the client closes the connection
		}
	}()
	i.url, i.smtp = server.URL, listener.Addr().String()
	return i
}

func (i *inbox) add(place, text string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.texts[place] = append(i.texts[place], text)
}

// all returns what has arrived.
func (i *inbox) all() map[string][]string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return maps.Clone(i.texts)
}

// has reports whether a text has arrived at a place.
func (i *inbox) has(place, text string) bool {
	return slices.ContainsFunc(i.all()[place], func(got string) bool { return strings.Contains(got, text) })
}

// serve accepts what services do.
func (i *inbox) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // what is missing is missed by the test
	place := r.URL.Path
	if place == "/slack" {
		var message struct {
			Channel     string
			Attachments []struct{ Title, Text string }
		}
		if json.Unmarshal(body, &message) == nil && len(message.Attachments) == 1 {
			place += " " + message.Channel
			body = []byte(message.Attachments[0].Title + "\n" + message.Attachments[0].Text)
		}
	}
	i.add(place, string(body))
	switch {
	case strings.HasPrefix(place, "/slack"):
		_, _ = io.WriteString(w, "ok")
	case place == "/pagerduty":
		w.WriteHeader(http.StatusAccepted)
	case strings.HasPrefix(place, "/opsgenie") && r.Header.Get("Authorization") != "GenieKey the-api-key":
		w.WriteHeader(http.StatusUnauthorized)
	}
}

const smtpPassword = "the-password"

// mail speaks as much of SMTP (RFC 5321) as Alertmanager needs. The password has to be right.
func (i *inbox) mail(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	lines, to := bufio.NewScanner(conn), ""
	say := func(line string) { _, _ = io.WriteString(conn, line+"\r\n") }
	say("220 inbox")
	for lines.Scan() {
		command := lines.Text()
		switch verb, rest, _ := strings.Cut(command, " "); strings.ToUpper(verb) {
		case "EHLO":
			say("250-inbox\r\n250 AUTH PLAIN")
		case "AUTH":
			if !plainPassword(rest, smtpPassword) {
				say("535 wrong password")
				continue
			}
			say("235 ok")
		case "RCPT":
			_, rest, _ = strings.Cut(rest, "<")
			to, _, _ = strings.Cut(rest, ">")
			say("250 ok")
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for lines.Scan() && lines.Text() != "." {
				text.WriteString(lines.Text() + "\r\n")
			}
			// Quoted-printable: long lines are cut, and "=" is written in hexadecimal.
			i.add("mail "+to, strings.ReplaceAll(strings.ReplaceAll(text.String(), "=\r\n", ""), "=3D", "="))
			say("250 ok")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// plainPassword reports whether the argument of AUTH has a password (RFC 4616).
func plainPassword(argument, password string) bool {
	_, encoded, _ := strings.Cut(argument, " ")
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	return err == nil && strings.HasSuffix(string(decoded), "\x00"+password)
}

// fetchText returns a page, or nothing if it cannot be had.
func fetchText(address string) string {
	response, err := http.Get(address)
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body) // polled
	return string(text)
}

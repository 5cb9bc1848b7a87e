package telemetry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/mcptest"
	"github.com/spanpipe/spanpipe/internal/otlptest"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// The lines of a private key are left out even if the queue has no room for the line with which it begins.
func TestKeyBehindAFullQueue(t *testing.T) {
	exportTo(t, otlptest.Start(t, otlptest.Config{}), otlptest.GRPC)
	blocked, release, drained := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var got []string
	s := openTo(t, consent.Request{Telemetry: "otlp", Capture: "stderr"}, func(c *telemetry.Config) {
		c.Sinks = []session.Sink{lines(func(text string) {
			switch text {
			case "block":
				close(blocked)
				<-release
			case "last":
				close(drained)
			case "x":
			default:
				got = append(got, text)
			}
		})}
	})
	write := func(text string) { s.tel.Stderr().Forwarded([]byte(text), s.start) }
	write("block\n")
	<-blocked
	write(strings.Repeat("x\n", 4094) + "last\n-----BEGIN RSA PRIVATE KEY-----\n")
	close(release)
	<-drained
	write("MIIEpAIBAAKCAQEAxx0Zb4DqWm7Vt1pQ9sKfLgY3eHn8uRjTcXo2vNiBaMwSdPkE\n" +
		"qF5yUzJrGhCl6tOImVb0DsAeKxWnLp7Q4fRgHcTj9uYiZoMvXk3aBqSNdEwPl1rJ\n" +
		"-----END RSA PRIVATE KEY-----\n")
	s.end(left)
	if len(got) > 0 {
		t.Errorf("lines of the key were shown: %q", got)
	}
}

// Every form of private key that spans lines is left out, with what stands before and after it shown.
func TestKeysOnStderr(t *testing.T) {
	body := "MIIEpAIBAAKCAQEAxx0Zb4DqWm7Vt1pQ9sKfLgY3eHn8uRjTcXo2vNiBaMwSdPkE\n" +
		"qF5yUzJrGhCl6tOImVb0DsAeKxWnLp7Q4fRgHcTj9uYiZoMvXk3aBqSNdEwPl1rJ\n"
	for _, tt := range []struct{ name, key string }{
		{"PEM", "-----BEGIN EC PRIVATE KEY-----\n" + body + "-----END EC PRIVATE KEY-----\n"},
		{"PGP", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n" + body + "-----END PGP PRIVATE KEY BLOCK-----\n"},
		{"SSH2", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n" + body + "---- END SSH2 ENCRYPTED PRIVATE KEY ----\n"},
		{"PuTTY", "Private-Lines: 2\n" + body + "Private-MAC: 7d0b6a1f7d0b6a1f7d0b6a1f7d0b6a1f7d0b6a1f\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			exportTo(t, otlptest.Start(t, otlptest.Config{}), otlptest.GRPC)
			var got []string
			s := openTo(t, consent.Request{Telemetry: "otlp", Capture: "stderr"}, func(c *telemetry.Config) {
				c.Sinks = []session.Sink{lines(func(text string) { got = append(got, text) })}
			})
			s.tel.Stderr().Forwarded([]byte("before\nkey: "+tt.key+"after\n"), s.start)
			s.end(left)
			want := []string{"before", "key: [redacted:private-key]", "after"}
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// lines is a sink of log lines.
type lines func(text string)

func (lines) Opened(*record.Operation)  {}
func (lines) Changed(*record.Operation) {}
func (l lines) Noted(n record.Note) {
	if line, ok := n.(record.LogLine); ok {
		l(line.Text)
	}
}

// What a panic of the consumer leaves behind is counted: messages that it had taken, and open spans.
func TestLossesAfterAPanic(t *testing.T) {
	r := otlptest.Start(t, otlptest.Config{})
	var calls int
	s := open(t, r, otlptest.GRPC, func(c *telemetry.Config) {
		c.Sinks = []session.Sink{ended(func(*record.Operation) {
			if calls++; calls == 3 {
				panic("a defect in a sink")
			}
		})}
	})
	s.say(strings.TrimSpace(strings.Repeat(`
1ms > {"jsonrpc":"2.0","id":1,"method":"ping"}
2ms < {"jsonrpc":"2.0","id":1,"result":{}}`, 100)))
	mcptest.Eventually(t, "the panic is reported", func() bool {
		return strings.Contains(s.log.String(), "a defect in")
	})
	s.end(left)
	_, lost, _ := strings.Cut(s.log.String(), "some telemetry of this session was lost")
	var messages, contents, spans int
	_, lost, _ = strings.Cut(lost, " messages=")
	if _, err := fmt.Sscanf("messages="+lost, "messages=%d contents=%d spans=%d", &messages, &contents, &spans); err != nil {
		t.Fatalf("%v in %s", err, s.log)
	}
	// Of 97 calls the request was lost in the queue, or opened a span that nothing ends; the response was lost in any case.
	if messages < 97 || messages+spans < 2*97 {
		t.Errorf("%d messages and %d spans are counted as lost", messages, spans)
	}
}

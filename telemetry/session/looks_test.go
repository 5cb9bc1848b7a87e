package session_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/session"
)

// scriptedLook is what can be seen from a time on.
type scriptedLook struct {
	from time.Duration
	look session.Look
}

// scriptedLooks reads the settings "look": a time, and what can be seen from then on. testdata/README.md has the words.
func scriptedLooks(t testing.TB, words []string) (all []scriptedLook) {
	t.Helper()
	for _, word := range words {
		key, value, set := strings.Cut(word, "=")
		if !set {
			all = append(all, scriptedLook{from: parsed(t, word)})
			continue
		}
		l := &all[len(all)-1].look
		n, _ := strconv.Atoi(value) // if it is not a number, what follows fails
		switch key {
		case "sent":
			l.Sent = int64(n)
		case "taken":
			l.Taken = int64(n)
		case "partial":
			l.ToClient.Partial = int64(n)
		case "client-partial":
			l.ToServer.Partial = int64(n)
		case "quiet":
			l.ToClient.Quiet = parsed(t, value)
		case "blocked":
			l.ToClient.Blocked = parsed(t, value)
		case "server-blocked":
			l.ToServer.Blocked = parsed(t, value)
		case "processes":
			l.Tree.Processes = n
		case "stopped":
			l.Tree.Stopped = n
		case "running":
			l.Tree.Running = n
		case "cpu":
			l.Tree.CPU = parsed(t, value)
		case "started":
			l.Tree.Started = append(l.Tree.Started, parsed(t, value))
		case "bridge":
			l.Tree.Bridge = value
		default:
			t.Fatalf("look: %s", word)
		}
	}
	return all
}

func parsed(t testing.TB, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// lookAt returns what can be seen at a time.
func lookAt(all []scriptedLook, now time.Duration, processes bool) (l session.Look) {
	for _, one := range all {
		if one.from <= now {
			l = one.look
		}
	}
	if !processes {
		l.Tree = session.Tree{}
	} else if l.Tree.Processes > 0 {
		l.Tree.At = now
	}
	return l
}

// stallText writes down the verdict about an operation, and what it rests on.
func stallText(op *record.Operation) string {
	if op.Stall == "" {
		return ""
	}
	text := " " + string(op.Stall)
	for _, e := range op.Evidence {
		b, err := json.Marshal(e)
		if err != nil {
			panic(err) // numbers and texts
		}
		text += fmt.Sprintf(" %s", b)
	}
	return text
}

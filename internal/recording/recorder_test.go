package recording_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spanpipe/spanpipe/consent/redact"
	"github.com/spanpipe/spanpipe/internal/recording"
)

// disk is where a recording is written: it may be full, and it may hang.
type disk struct {
	mu   sync.Mutex
	file bytes.Buffer
	room int           // for so many bytes; 0: any
	hang chan struct{} // Write waits until it is closed; nil: it does not
}

func (d *disk) Write(b []byte) (int, error) {
	if d.hang != nil && d.size() > 0 { // the header is written before the session
		<-d.hang
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.room > 0 && d.file.Len()+len(b) > d.room {
		n, _ := d.file.Write(b[:d.room-d.file.Len()])
		return n, errors.New("no space left on device")
	}
	return d.file.Write(b)
}

func (d *disk) size() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.file.Len()
}

func (d *disk) read(t *testing.T) *recording.Recording {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	r, err := recording.Read(bytes.NewReader(d.file.Bytes()))
	if err != nil {
		t.Fatalf("%v in\n%.2000s", err, d.file.String())
	}
	return r
}

// record records what session does with the taps of the client and of the server.
func record(t *testing.T, cfg recording.Config, session func(client, server *recording.Tap)) recording.Result {
	t.Helper()
	cfg.Started = time.Now()
	r, err := recording.NewRecorder(cfg)
	if err != nil {
		t.Fatal(err)
	}
	session(r.Tap(recording.Client), r.Tap(recording.Server))
	r.Exited(time.Now(), recording.Exit{Code: 0})
	return r.Close(t.Context())
}

// pass passes bytes on, as the relay does.
func pass(tap *recording.Tap, text string) {
	tap.Arriving()
	tap.Forwarded([]byte(text), time.Now())
}

func end(tap *recording.Tap, whole bool) {
	tap.Arriving()
	tap.Ended(time.Now(), whole)
}

// brief describes events in one line each.
func brief(r *recording.Recording) (lines []string) {
	for i := range r.Events {
		switch e := &r.Events[i]; {
		case e.End != "":
			lines = append(lines, fmt.Sprintf("%s %s", e.From, e.End))
		case e.Lost > 0:
			lines = append(lines, fmt.Sprintf("%s lost %d", e.From, e.Lost))
		case e.Exit != nil:
			lines = append(lines, fmt.Sprintf("exit %d", e.Exit.Code))
		default:
			lines = append(lines, fmt.Sprintf("%s %s", e.From, bytes.TrimSuffix(e.Data, []byte("\n"))))
		}
	}
	return lines
}

func wantEvents(t *testing.T, r *recording.Recording, want ...string) {
	t.Helper()
	if got := brief(r); !reflect.DeepEqual(got, want) {
		t.Errorf("the recording is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestOrder: an answer that a tap is shown before its request stands behind it.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d disk
		result := record(t, recording.Config{Out: &d}, func(client, server *recording.Tap) {
			client.Arriving()
			asked := time.Now()
			time.Sleep(10 * time.Millisecond)
			pass(server, "answer\n")
			time.Sleep(100 * time.Millisecond) // batches are written
			if got := brief(d.read(t)); got != nil {
				t.Errorf("written before the request is known: %q", got)
			}
			client.Forwarded([]byte("request\n"), asked)
			time.Sleep(100 * time.Millisecond)
			wantEvents(t, d.read(t), "client request", "server answer") // while the session runs
			end(client, true)
			end(server, false)
		})
		wantEvents(t, d.read(t), "client request", "server answer", "client whole", "server cut", "exit 0")
		if result.Missing != 0 || result.Err != nil || result.Lines[recording.Client] != 1 || result.Lines[recording.Server] != 1 {
			t.Errorf("result %+v", result)
		}
	})
}

// TestBlockedSide: a peer that does not read does not keep what the other says out of the recording.
func TestBlockedSide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d disk
		record(t, recording.Config{Out: &d}, func(client, server *recording.Tap) {
			client.Arriving() // and blocks
			asked := time.Now()
			time.Sleep(time.Millisecond)
			pass(server, "one\n")
			time.Sleep(2 * time.Second)
			wantEvents(t, d.read(t), "server one")
			pass(server, "two\n")
			time.Sleep(2 * time.Second)
			wantEvents(t, d.read(t), "server one", "server two")
			client.Forwarded([]byte("late\n"), asked)
			end(client, true)
			end(server, true)
		})
		wantEvents(t, d.read(t), "server one", "server two", "client late", "client whole", "server whole", "exit 0")
	})
}

// TestPieces: lines are put together from what was read at once, and taken apart where a read ended with several.
func TestPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d disk
		record(t, recording.Config{Out: &d}, func(client, server *recording.Tap) {
			for _, piece := range []string{"a", "b\nc\n\n", "", "d"} {
				pass(client, piece)
				time.Sleep(time.Second)
				pass(server, piece)
			}
			end(client, true)
			end(server, false)
		})
		wantEvents(t, d.read(t), "client ab", "client c", "client ", "server ab", "server c", "server ",
			"client d", "client whole", "server d", "server cut", "exit 0")
	})
}

// TestLongLine: a line that is longer than what is put together leaves in parts, which are the same bytes, between characters.
func TestLongLine(t *testing.T) {
	var d disk
	line := strings.Repeat("日本語🙂", 20_000) + "\n" // 260 kB
	result := record(t, recording.Limit(recording.Config{Out: &d}, 1<<20, 100_000), func(client, server *recording.Tap) {
		for rest := line; rest != ""; {
			n := min(len(rest), 10_001)
			pass(client, rest[:n])
			rest = rest[n:]
		}
		end(client, true)
		end(server, true)
	})
	r := d.read(t)
	if got := said(r.Events)[recording.Client]; got != line {
		t.Errorf("%d bytes, want %d", len(got), len(line))
	}
	if bytes.Contains(d.file.Bytes(), []byte("base64")) || len(r.Lines()) != 1 || len(r.Events) != 6 {
		t.Errorf("%d lines in %d events", len(r.Lines()), len(r.Events))
	}
	if result.Missing != 0 || result.Lines[recording.Client] != 1 {
		t.Errorf("result %+v", result)
	}
}

// TestFullDisk: when the disk is full, there is one warning, what was written before can be read, and the result says how much is
// missing.
func TestFullDisk(t *testing.T) {
	var failures []error
	d := disk{room: 1000}
	line := strings.Repeat("x", 99) + "\n"
	var all int64
	result := record(t, recording.Config{Out: &d, Failed: func(err error) { failures = append(failures, err) }},
		func(client, server *recording.Tap) {
			for range 500 {
				for _, tap := range []*recording.Tap{client, server} {
					pass(tap, line)
					all += int64(len(line))
				}
			}
			end(client, true)
			end(server, true)
		})
	if len(failures) != 1 || failures[0].Error() != "no space left on device" {
		t.Errorf("failures: %v", failures)
	}
	kept := int64(0)
	for _, text := range said(d.read(t).Events) {
		kept += int64(len(text))
	}
	if result.Missing == 0 || result.Missing < all-kept-64<<10 || result.Missing > all || !errors.Is(result.Err, failures[0]) {
		t.Errorf("%d bytes missing, %d of %d in the file, error %v", result.Missing, kept, all, result.Err)
	}
}

// TestHangingDisk: taps do not wait for a disk, memory is bounded, what does not fit is counted where it is missing, and Close ends
// with its context.
func TestHangingDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const room = 1 << 20
		d := disk{hang: make(chan struct{})}
		piece := strings.Repeat(strings.Repeat("x", 1023)+"\n", 16)
		var all, accepted int64
		r, err := recording.NewRecorder(recording.Limit(recording.Config{Out: &d, Started: time.Now()}, room, room))
		if err != nil {
			t.Fatal(err)
		}
		client, server := r.Tap(recording.Client), r.Tap(recording.Server)
		for range 3 * room / 2 / len(piece) {
			pass(client, piece)
			all += int64(len(piece))
		}
		pass(server, "last\n")
		all += int64(len("last\n"))
		end(client, true)
		end(server, true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		result := r.Close(ctx)
		if !errors.Is(result.Err, context.DeadlineExceeded) || result.Missing != all {
			t.Errorf("result %+v of %d bytes", result, all)
		}
		close(d.hang)
		synctest.Wait()
		got := d.read(t)
		for _, text := range said(got.Events) {
			accepted += int64(len(text))
		}
		if accepted+got.Lost() != all || accepted > room+128<<10 || accepted < room-2*int64(len(piece)) {
			t.Errorf("%d bytes in the file, %d lost, of %d", accepted, got.Lost(), all)
		}
	})
}

// TestHole: bytes that had no room are missing in one place, which the recording names. With redaction, the rest of the line
// they stood in goes, too: half a secret does not look like one.
func TestHole(t *testing.T) {
	redactor, err := redact.New(redact.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for name, redactor := range map[string]*redact.Redactor{"plain": nil, "redacted": redactor} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := disk{hang: make(chan struct{})}
				const kib = 1 << 10
				filler := strings.Repeat("x", 10*kib-1) + "\n"
				cfg := recording.Limit(recording.Config{Out: &d, Redactor: redactor}, 100*kib, 100*kib)
				result := record(t, cfg, func(client, server *recording.Tap) {
					pass(server, "hello\n")
					time.Sleep(time.Second) // the writer hangs
					pass(client, "secret: sk-pr")
					for range 9 {
						pass(server, filler)
					}
					pass(client, strings.Repeat("y", 10*kib)) // has no room
					close(d.hang)
					time.Sleep(time.Second)
					pass(client, "oj-4711\nnext\n")
					end(client, true)
					end(server, true)
				})
				var got []string
				for _, line := range brief(d.read(t)) {
					if strings.HasPrefix(line, "client") {
						got = append(got, line)
					}
				}
				want := []string{"client secret: sk-pr", "client lost 10240", "client oj-4711", "client next", "client whole"}
				missing := int64(10 * kib)
				if redactor != nil {
					missing += int64(len("secret: sk-pr" + "oj-4711\n"))
					want = []string{fmt.Sprintf("client lost %d", missing), "client next", "client whole"}
				}
				if !reflect.DeepEqual(got, want) || result.Missing != missing || result.Err != nil {
					t.Errorf("missing %d, want %d; got %q, want %q", result.Missing, missing, got, want)
				}
			})
		})
	}
}

// TestDefect: after a panic in a tap, nothing more is recorded, and that is counted.
func TestDefect(t *testing.T) {
	var d disk
	r, err := recording.NewRecorder(recording.Config{Out: &d, Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	r.Fail()
	pass(r.Tap(recording.Client), "x\n")
	end(r.Tap(recording.Client), true)
	end(r.Tap(recording.Server), true)
	if result := r.Close(t.Context()); result.Missing != 2 || result.Err == nil || len(d.read(t).Events) != 0 {
		t.Errorf("result %+v", result)
	}
}

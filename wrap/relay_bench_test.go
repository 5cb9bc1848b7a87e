//go:build linux

package wrap_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The relay is measured against what a bare pipe in its place would cost: cat | server | cat, with a cat as the server.
// Both run at the same time and are measured in turns, block by block, so that a busy machine is busy for both, and
// what is reported is their ratio.

// link is a conversation partner that sends back what it is sent.
type link struct{ in, out int }

func (l link) roundTrip(b *testing.B, message, response []byte) time.Duration {
	start := time.Now()
	if _, err := unix.Write(l.in, message); err != nil {
		b.Fatal(err)
	}
	for n := 0; n < len(message); {
		m, err := unix.Read(l.out, response)
		if err != nil || m == 0 {
			b.Fatal(m, err)
		}
		n += m
	}
	return time.Since(start)
}

// transfer sends and receives so many bytes at once.
func (l link) transfer(b *testing.B, size int, chunk []byte) time.Duration {
	start := time.Now()
	go func() { // ends when all is written, or the partner is gone
		for n := 0; n < size; {
			m, err := unix.Write(l.in, chunk[:min(len(chunk), size-n)])
			if err != nil {
				return
			}
			n += m
		}
	}()
	response := make([]byte, len(chunk))
	for n := 0; n < size; {
		m, err := unix.Read(l.out, response)
		if err != nil || m == 0 {
			b.Fatal(m, err)
		}
		n += m
	}
	return time.Since(start)
}

// connect starts a command with blocking pipes, so that the client's side costs the same for all and little.
func connect(b *testing.B, line []string) link {
	b.Helper()
	cmd := exec.Command(line[0], line[1:]...)
	var in, out [2]int
	for _, p := range []*[2]int{&in, &out} {
		if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
			b.Fatal(err)
		}
	}
	stdin, stdout := os.NewFile(uintptr(in[0]), "stdin"), os.NewFile(uintptr(out[1]), "stdout")
	cmd.Stdin, cmd.Stdout = stdin, stdout
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	stdin.Close()
	stdout.Close()
	b.Cleanup(func() {
		_ = unix.Close(in[1])
		_ = cmd.Wait()
		_ = unix.Close(out[0])
	})
	return link{in: in[1], out: out[0]}
}

// relays are what is compared: the floor first.
func relays() map[string][]string {
	return map[string][]string{
		"cat":    sh("cat | cat | cat"),
		"direct": sh("exec cat"),
		"off":    wrapped([]string{"cat"}),
		"taps":   wrapped([]string{"cat"}, "count"),
	}
}

var relayNames = []string{"cat", "off", "taps", "direct"}

func BenchmarkRoundTrip(b *testing.B) {
	for _, size := range []int{100, 300, 4000} {
		b.Run(fmt.Sprint(size, "B"), func(b *testing.B) {
			const block = 100
			links, message, response := map[string]link{}, make([]byte, size), make([]byte, 64<<10)
			took := map[string][]time.Duration{}
			for name, line := range relays() {
				links[name] = connect(b, line)
				for range 10 * block {
					links[name].roundTrip(b, message, response)
				}
			}
			b.ResetTimer()
			for n := 0; n < b.N; n += block {
				for _, name := range relayNames {
					for range block {
						took[name] = append(took[name], links[name].roundTrip(b, message, response))
					}
				}
			}
			report(b, took, func(d time.Duration) float64 { return float64(d) / 1e3 }, "us")
		})
	}
}

func BenchmarkThroughput(b *testing.B) {
	for _, size := range []int{1 << 20, 64 << 20} {
		b.Run(fmt.Sprint(size>>20, "MiB"), func(b *testing.B) {
			links, chunk := map[string]link{}, make([]byte, 64<<10)
			took := map[string][]time.Duration{}
			for name, line := range relays() {
				links[name] = connect(b, line)
				links[name].transfer(b, size, chunk)
			}
			b.ResetTimer()
			for range b.N {
				for _, name := range relayNames {
					took[name] = append(took[name], links[name].transfer(b, size, chunk))
				}
			}
			report(b, took, func(d time.Duration) float64 { return float64(size) / 1e6 / d.Seconds() }, "MB/s")
		})
	}
}

// report reports the median of each, and its ratio to the floor's.
func report(b *testing.B, took map[string][]time.Duration, unit func(time.Duration) float64, name string) {
	median := func(key string) float64 {
		slices.Sort(took[key])
		return unit(took[key][len(took[key])/2])
	}
	for _, key := range relayNames {
		b.ReportMetric(median(key), key+"-"+name)
		if key != "cat" {
			b.ReportMetric(median(key)/median("cat"), key+"/cat")
		}
	}
	b.ReportMetric(0, "ns/op")
}

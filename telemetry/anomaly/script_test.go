package anomaly_test

import (
	"fmt"
	"hash/maphash"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// script makes the calls of a conversation from its text, which testdata/README.md describes. Values that are drawn
// come from a generator seeded with the conversation's name, so that the same text gives the same calls.
type script struct {
	rand *rand.Rand
	ops  []*record.Operation
	last time.Duration // when the latest call began
	now  time.Duration // when all have ended
	id   uint64        // of the next arguments that are new
}

var argumentsSeed = maphash.MakeSeed()

func parseScript(name, text string) (ops []*record.Operation, err error) {
	seed := uint64(0)
	for _, c := range name {
		seed = seed*31 + uint64(c)
	}
	s := &script{rand: rand.New(rand.NewPCG(seed, 0))}
	var statements [][]string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if f := strings.Fields(line); len(f) > 0 {
			statements = append(statements, f)
		}
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading %s: %v", name, p)
		}
	}()
	s.block(statements)
	return s.ops, nil
}

// block runs statements in order. A block within it ends with the "end" of its own.
func (s *script) block(statements [][]string) {
	for i := 0; i < len(statements); i++ {
		f := statements[i]
		if f[0] != "repeat" && f[0] != "pick" {
			s.statement(f)
			continue
		}
		inner := inside(statements[i+1:])
		i += len(inner) + 1
		if f[0] == "pick" {
			s.pick(inner)
			continue
		}
		for range must(strconv.Atoi(f[1])) {
			s.block(inner)
		}
	}
}

// pick runs one of the statements: the nth for "n" in front of it is as likely as n of them.
func (s *script) pick(choices [][]string) {
	weights := make([]float64, len(choices))
	for i, f := range choices {
		weights[i] = float64(must(strconv.Atoi(f[0])))
	}
	s.statement(choices[pick(s.rand, weights)][1:])
}

func inside(statements [][]string) [][]string {
	depth := 1
	for i, f := range statements {
		switch f[0] {
		case "repeat", "pick":
			depth++
		case "end":
			depth--
		}
		if depth == 0 {
			return statements[:i]
		}
	}
	panic("a block without end")
}

func (s *script) statement(f []string) {
	if f[0] == "wait" {
		s.now += duration(s.value(f[1]))
		return
	}
	if len(f) < 5 {
		panic(fmt.Sprint("too few fields: ", f))
	}
	start := s.now
	if pause, beside := strings.CutPrefix(f[0], "&"); beside {
		start = s.last
		if pause != "" {
			start += duration(s.value(pause))
		}
	} else {
		start += duration(s.value(strings.TrimPrefix(f[0], "+")))
	}
	op := call(f[1], s.arguments(f[2]), start, duration(s.value(f[3])), int64(s.value(f[4])))
	s.ops = append(s.ops, op)
	for _, flag := range f[5:] {
		s.flag(op, flag)
	}
	s.last, s.now = startOf(op), max(s.now, endOf(op))
}

// flag sets what is particular to a call.
func (s *script) flag(op *record.Operation, flag string) {
	key, v, _ := strings.Cut(flag, "=")
	switch key {
	case "error":
		op.ErrorType = semconv.ErrTool
	case "code":
		op.Code = v
	case "request":
		op.RequestSize = int64(s.value(v))
	case "cancelled":
		op.Answered, op.ErrorType, op.ResponseSize = false, semconv.ErrCancelled, 0
	case "abandoned":
		op.Answered, op.ErrorType, op.ResponseSize = false, semconv.ErrAbandoned, 0
	case "task":
		op.TaskID, op.RoundTrips = "task", 4
	case "asks":
		op.Number = uint64(len(s.ops))
		s.ops = append(s.ops, &record.Operation{
			Direction: record.ToClient, Method: semconv.ElicitationCreate, Parent: op.Number,
			Start: op.Start, End: op.End, Duration: op.Duration, Answered: true,
		})
	default:
		panic("unknown flag: " + flag)
	}
}

func (s *script) arguments(word string) uint64 {
	if word == "*" {
		s.id++
		return s.id
	}
	return maphash.String(argumentsSeed, word) | 1<<63 // none of the new ones
}

// value is a number with a unit: fixed, between two on a logarithmic scale, or lognormal with a median and a sigma.
func (s *script) value(text string) float64 {
	if low, high, ok := strings.Cut(text, ".."); ok {
		return between(s.rand, number(low), number(high))
	}
	if median, sigma, ok := strings.Cut(text, "~"); ok {
		return lognormal{number(median), must(strconv.ParseFloat(sigma, 64))}.draw(s.rand)
	}
	return number(text)
}

var units = []struct {
	suffix string
	factor float64
}{
	{"MB", 1e6}, {"kB", 1e3}, {"B", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"s", 1}, {"m", 60}, {"h", 3600},
}

func number(text string) float64 {
	for _, u := range units {
		if n, ok := strings.CutSuffix(text, u.suffix); ok {
			return must(strconv.ParseFloat(n, 64)) * u.factor
		}
	}
	panic("a number without unit: " + text)
}

// duration is in whole microseconds, so that times read well.
func duration(s float64) time.Duration {
	return time.Duration(math.Round(s*1e6)) * time.Microsecond
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

package anomaly_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// life is a server in use over months, in which nothing is wrong. People and scheduled agents do tasks with it: sequences
// of calls with optional steps, repeats and excursions. Which tasks are popular drifts, new ones come up, and new versions
// bring new tools and other durations. Durations and sizes have tails of Pareto's kind; days, sessions and single calls
// vary. The thresholds were not chosen with it in view: for that there is markovLife.
type life struct {
	r        *rand.Rand
	tools    []lifeTool
	tasks    []task
	clients  []string
	share    []float64 // of clients
	wander   float64   // chance of an excursion after a step
	busy     float64   // sessions on a weekday
	release  int       // days between versions
	version  int
	newTask  float64 // chance a day of a task that is new
	parallel float64
	scripted bool // by a scheduled agent
	fixed    bool // whose task and server stay as they are
}

type lifeTool struct {
	key            past.Key
	duration, size tailed
	request        tailed
	fails          float64
	weight         float64
}

// tailed is a distribution with a body that is lognormal, and a tail of Pareto's.
type tailed struct{ median, sigma, alpha, tail float64 }

func (t tailed) draw(r *rand.Rand) float64 {
	v := t.median * math.Exp(t.sigma*r.NormFloat64())
	if r.Float64() < t.tail {
		v *= math.Pow(1-r.Float64(), -1/t.alpha)
	}
	return math.Min(v, t.median*1e5)
}

type step struct {
	tool     int
	optional float64 // chance that it is left out
	repeats  int     // at most
}

type task struct {
	steps  []step
	weight float64
}

func newLife(r *rand.Rand) *life {
	l := &life{
		r: r, busy: between(r, 1.5, 14), release: 15 + r.IntN(40), newTask: 0.03 * r.Float64(),
		parallel: 0.3 * r.Float64(), scripted: r.IntN(3) == 0,
	}
	if l.wander = 0.08 * r.Float64(); l.scripted {
		l.wander, l.newTask = 0, l.newTask/5
		if l.fixed = r.IntN(2) == 0; l.fixed {
			l.newTask = 0
		}
	}
	for range 4 + r.IntN(20) {
		l.addTool(past.Tool)
	}
	for range r.IntN(4) {
		l.addTool(past.Resource)
	}
	for range r.IntN(3) {
		l.addTool(past.Prompt)
	}
	for range 3 + r.IntN(14) {
		l.addTask(0)
	}
	for i := range 1 + r.IntN(3) {
		l.clients, l.share = append(l.clients, fmt.Sprint("client-", i)), append(l.share, math.Pow(r.Float64(), 2)+0.05)
	}
	return l
}

func (l *life) sameTask() bool { return l.fixed }

func (l *life) addTool(kind past.Kind) {
	r := l.r
	name := fmt.Sprintf("%s_%d", kind, len(l.tools))
	if kind == past.Resource {
		name = fmt.Sprintf("file:///%d/{path}", len(l.tools))
	}
	t := lifeTool{
		key:      past.Key{Kind: kind, Name: name},
		duration: tailed{between(r, 0.0005, 10), 0.1 + 0.7*r.Float64(), 1.1 + 2*r.Float64(), 0.15 * r.Float64()},
		size:     tailed{between(r, 40, 40e3), 0.05 + r.Float64(), 1.1 + 2*r.Float64(), 0.2 * r.Float64()},
		request:  tailed{between(r, 100, 4e3), 0.05 + 0.8*r.Float64(), 1.1 + 2*r.Float64(), 0.1 * r.Float64()},
		weight:   math.Pow(r.Float64(), 3),
	}
	if r.IntN(3) > 0 {
		t.fails = 0.06 * math.Pow(r.Float64(), 2)
	}
	l.tools = append(l.tools, t)
}

func (l *life) addTask(tool int) {
	r := l.r
	t := task{weight: math.Pow(r.Float64(), 2) + 0.01}
	for range 1 + r.IntN(8) {
		s := step{tool: l.anyTool(), repeats: 1 + int(r.ExpFloat64())}
		if r.IntN(3) == 0 {
			s.optional = 0.6 * r.Float64()
		}
		t.steps = append(t.steps, s)
	}
	if tool > 0 {
		t.steps[r.IntN(len(t.steps))].tool = tool
	}
	l.tasks = append(l.tasks, t)
}

func (l *life) anyTool() int {
	weights := make([]float64, len(l.tools))
	for i, t := range l.tools {
		weights[i] = t.weight + 0.02
	}
	return pick(l.r, weights)
}

// lived is a session of it.
type lived struct {
	about past.About
	ops   []*record.Operation
}

// day returns the sessions of a day.
func (l *life) day(day int) (all []lived) {
	r := l.r
	if day > 0 && day%l.release == 0 && !l.fixed {
		l.newVersion()
	}
	if r.Float64() < l.newTask {
		l.addTask(0)
		l.tasks[len(l.tasks)-1].weight *= 0.2
	}
	for i := range l.tasks {
		l.tasks[i].weight *= math.Exp(0.05 * r.NormFloat64())
	}
	mean := l.busy * math.Exp(0.3*r.NormFloat64())
	if day%7 >= 5 && !l.scripted {
		mean *= 0.15
	}
	slow := math.Exp(0.15 * r.NormFloat64()) // the machine, the network, what is behind the server
	for n := int(mean + r.Float64()); n > 0; n-- {
		start := time.Duration(day)*24*time.Hour + seconds((8+10*r.Float64())*3600)
		s := lived{ops: l.session(start, slow*math.Exp(0.25*r.NormFloat64()))}
		s.about = past.About{
			Name: fmt.Sprintf("%05d-%03d", day, n), Client: l.clients[pick(r, l.share)],
			Version: fmt.Sprint(l.version), Day: past.DayOf(epoch.Add(start)),
		}
		all = append(all, s)
	}
	return all
}

// newVersion changes what the tools are like, and at times brings one.
func (l *life) newVersion() {
	r := l.r
	l.version++
	for i := range l.tools {
		t := &l.tools[i]
		t.duration.median *= math.Exp(0.15 * r.NormFloat64())
		t.size.median *= math.Exp(0.15 * r.NormFloat64())
	}
	if r.IntN(2) == 0 {
		l.addTool(past.Tool)
		l.addTask(len(l.tools) - 1)
		l.addTask(len(l.tools) - 1)
	}
}

// session is a list of the server's tools and some tasks.
func (l *life) session(now time.Duration, slow float64) []*record.Operation {
	r := l.r
	ops := []*record.Operation{l.list(now)}
	bad, worse := -1, 1.0 // what is behind one tool has a bad day
	if r.IntN(40) == 0 {
		bad, worse = r.IntN(len(l.tools)), 4.0
	}
	weights := make([]float64, len(l.tasks))
	for i, t := range l.tasks {
		weights[i] = t.weight
	}
	turn := lognormal{between(r, 1, 10), 0.5}
	if l.scripted {
		turn = lognormal{0.05, 0.5}
	}
	for range 1 + int(6*r.ExpFloat64()) {
		now += seconds(between(r, 10, 1800))
		for _, s := range l.tasks[pick(r, weights)].steps {
			if r.Float64() < s.optional {
				continue
			}
			tool := s.tool
			for n := 1 + r.IntN(s.repeats); n > 0; n-- {
				factor := 1.0
				if tool == bad {
					factor = worse
				}
				op := l.call(tool, now, slow, factor, uint64(len(ops)+1))
				ops = append(ops, op)
				if now = endOf(op) + seconds(turn.draw(r)); r.Float64() < l.parallel {
					now = startOf(op) + time.Millisecond
				}
				if r.Float64() < l.wander {
					tool = l.anyTool()
					n++
				}
			}
		}
	}
	return ops
}

func (l *life) list(now time.Duration) *record.Operation {
	op := call("", 0, now, time.Millisecond, 5000)
	op.Number, op.Method = 1, semconv.ToolsList
	for _, t := range l.tools {
		if t.key.Kind == past.Tool {
			op.Definitions = append(op.Definitions, record.Definition{Kind: record.ToolDefinition, Name: t.key.Name})
		}
	}
	op.ToolCount = len(op.Definitions)
	return op
}

func (l *life) call(tool int, now time.Duration, slow, worse float64, number uint64) *record.Operation {
	t := &l.tools[tool]
	op := callOf(t.key, now, seconds(t.duration.draw(l.r)*slow), int64(t.size.draw(l.r)), number)
	op.RequestSize = int64(t.request.draw(l.r))
	if l.r.Float64() < t.fails*worse {
		op.ErrorType, op.ResponseSize = semconv.ErrTool, 120
	}
	return op
}

// callOf is a call of a target.
func callOf(key past.Key, now, took time.Duration, size int64, number uint64) *record.Operation {
	op := call(key.Name, number, now, took, size)
	op.Number = number
	switch key.Kind {
	case past.Resource:
		op.Method, op.Target, op.Resource = semconv.ResourcesRead, "", key.Name
	case past.Prompt:
		op.Method = semconv.PromptsGet
	case past.Tool:
	}
	return op
}

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

// office is a server over months that shares nothing with life but how a call is written down. It was made after the thresholds
// had been chosen, to judge them, and none was changed since. Kinds of things (issues, files, messages) are searched, read and
// changed; one leads to another that is related to it. What fails is tried again, caches are warm or cold, the data grows, people
// have favorites, go on holiday, and new ones come with clients of their own.
type office struct {
	r       *rand.Rand
	things  []thing
	people  []person
	nightly bool // only a program uses it, which always does the same
	version int
	load    float64 // of the machine; it wanders
	grown   float64 // the data
	latency float64
}

// thing is a kind of what the server has, with tools for it.
type thing struct {
	name    string
	verbs   []string // some of those of verbs
	related []int
	cost    float64 // seconds
	size    float64 // bytes
	flaky   float64
}

type person struct {
	client    string
	favorites []float64 // by thing
	busy      float64   // sessions on a weekday
	absent    int       // until this day
	curious   float64   // chance of leaving the beaten track
}

var verbs = []string{"search", "list", "get", "create", "update", "delete", "history"}

func newOffice(r *rand.Rand) *office {
	o := &office{r: r, nightly: r.IntN(4) == 0, load: 1, grown: 1, latency: math.Exp(r.NormFloat64())}
	for range 2 + r.IntN(5) {
		o.addThing()
	}
	for range 1 + r.IntN(4) {
		o.addPerson()
	}
	return o
}

func (o *office) sameTask() bool { return o.nightly }

func (o *office) addThing() {
	r, n := o.r, len(o.things)
	t := thing{
		name: fmt.Sprintf("thing%d", n), verbs: []string{"get"}, cost: 0.002 * math.Exp(1.5*r.NormFloat64()),
		size: 600 * math.Exp(1.3*r.NormFloat64()), flaky: 0.03 * r.Float64() * r.Float64(),
	}
	for _, v := range verbs {
		if v != "get" && r.IntN(2) == 0 {
			t.verbs = append(t.verbs, v)
		}
	}
	for range r.IntN(3) {
		t.related = append(t.related, r.IntN(n+1))
	}
	o.things = append(o.things, t)
	for i := range o.people {
		o.people[i].favorites = append(o.people[i].favorites, r.Float64())
	}
}

func (o *office) addPerson() {
	p := person{client: fmt.Sprintf("client%d", o.r.IntN(3)), busy: 0.3 + 2*o.r.ExpFloat64(), curious: 0.02 * o.r.ExpFloat64()}
	for i := range o.things {
		p.favorites = append(p.favorites, 1/float64(1+(i+o.r.IntN(3)))) // Zipf's law, more or less
	}
	o.people = append(o.people, p)
}

func (o *office) day(day int) (all []lived) {
	r := o.r
	o.load = math.Exp(0.8*math.Log(o.load) + 0.1*r.NormFloat64())
	o.grown *= 1 + 0.004*r.Float64()
	if !o.nightly {
		if r.Float64() < 1.0/50 {
			o.addThing()
			o.version++
		} else if r.Float64() < 1.0/30 {
			o.version++ // nothing that matters
		}
		if r.Float64() < 1.0/90 {
			o.addPerson()
		}
	}
	for i := range o.people {
		p := &o.people[i]
		sessions := int(p.busy*math.Exp(0.4*r.NormFloat64()) + r.Float64())
		switch {
		case o.nightly:
			sessions = 1 + i
		case day < p.absent, day%7 >= 5 && r.IntN(10) > 0:
			continue
		case r.Float64() < 1.0/60:
			p.absent = day + 5 + r.IntN(15)
		}
		for n := range sessions {
			start := time.Duration(day)*24*time.Hour + seconds(between(r, 7, 19)*3600)
			all = append(all, lived{ops: o.session(p, start), about: past.About{
				Name: fmt.Sprintf("%05d-%02d-%03d", day, i, n), Client: p.client, Version: fmt.Sprint(o.version),
				Day: past.DayOf(epoch.Add(start)),
			}})
		}
	}
	return all
}

// visit is a session that is being made.
type visit struct {
	*office
	p   *person
	now time.Duration
	ops []*record.Operation
}

func (o *office) session(p *person, now time.Duration) []*record.Operation {
	v := &visit{office: o, p: p, now: now}
	list := call("", 0, now, 2*time.Millisecond, 9000)
	list.Number, list.Method = 1, semconv.ToolsList
	for _, t := range o.things {
		for _, verb := range t.verbs {
			list.Definitions = append(list.Definitions, record.Definition{Kind: record.ToolDefinition, Name: verb + "_" + t.name})
		}
	}
	list.ToolCount = len(list.Definitions)
	v.ops = append(v.ops, list)
	if o.nightly {
		for i := range o.things {
			v.look(i, 3)
		}
		return v.ops
	}
	for range 1 + int(3*o.r.ExpFloat64()) {
		v.now += seconds(60 * o.r.ExpFloat64())
		v.look(pick(o.r, p.favorites), 0)
	}
	return v.ops
}

// look searches a thing, reads some of them, follows what is related, and may change one.
func (v *visit) look(i, depth int) {
	r, t := v.r, &v.things[i]
	has := func(verb string) bool {
		for _, one := range t.verbs {
			if one == verb {
				return true
			}
		}
		return false
	}
	if has("search") {
		v.do(i, "search")
	} else if has("list") {
		v.do(i, "list")
	}
	for range 1 + int(2*r.ExpFloat64()) {
		v.do(i, "get")
		if len(t.related) > 0 && depth < 2 && r.IntN(3) == 0 {
			v.look(t.related[r.IntN(len(t.related))], depth+1)
		}
		if r.Float64() < v.p.curious && depth < 3 {
			v.do(i, t.verbs[r.IntN(len(t.verbs))])
		}
	}
	if has("update") && (depth == 3 || r.IntN(4) == 0) {
		v.do(i, "update")
	}
}

func (v *visit) do(i int, verb string) {
	r, t := v.r, &v.things[i]
	took, size := t.cost*v.latency*v.load, t.size
	switch verb {
	case "search", "history":
		took, size = 8*took, size*(1+10*r.Float64())*v.grown
	case "list":
		size *= 20 * v.grown
	case "get":
		if r.IntN(3) > 0 { // from a cache
			took /= 15
		}
		size *= math.Exp(0.8 * r.NormFloat64())
	}
	for range 3 { // a failure is tried again
		k := 0.5 - math.Log(r.Float64())/2 - math.Log(r.Float64())/2 // a gamma distribution, and never nothing
		op := callOf(past.Key{Kind: past.Tool, Name: verb + "_" + t.name}, v.now, seconds(took*k), int64(size), uint64(len(v.ops)+1))
		op.RequestSize = int64(80 + 200*r.ExpFloat64())
		if verb == "create" || verb == "update" {
			op.RequestSize += int64(size / 2)
		}
		v.ops = append(v.ops, op)
		v.now = endOf(op) + seconds(0.3+4*r.ExpFloat64())
		if r.Float64() >= t.flaky {
			return
		}
		op.ErrorType, op.ResponseSize = semconv.ErrTool, 90
	}
}

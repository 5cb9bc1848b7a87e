package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// offered is what a session's lists and its handshake have, each definition as it was last.
type offered struct {
	all           []record.Definition
	tools         bool // there is a list of tools
	bytes, tokens int64
	op            uint64 // the operation with the last page of the list of tools
}

func (j *judge) offered() (o offered) {
	var instructions record.Definition
	for _, op := range requests(j.session) {
		for _, d := range op.Definitions {
			i := slices.IndexFunc(o.all, func(k record.Definition) bool { return k.Kind == d.Kind && k.Name == d.Name })
			switch {
			case d.Kind == record.InstructionsDefinition:
				instructions = d
				fallthrough
			case i < 0:
				o.all = append(o.all, d)
			default:
				o.all[i] = d
			}
		}
		if op.Method == "tools/list" && op.Answered && op.ErrorType == "" && op.Code == "" {
			o.tools = true
			if op.DefinitionSize >= o.bytes { // of a list with pages, the last has what all have
				o.bytes, o.tokens, o.op = op.DefinitionSize, op.DefinitionTokens, op.Number
			}
		}
	}
	o.bytes, o.tokens = o.bytes+instructions.Size, o.tokens+instructions.Tokens
	return o
}

// context judges what the server's definitions cost.
func (j *judge) context() {
	o := j.offered()
	if !o.tools {
		const why = "there is no list of tools"
		for _, name := range []Name{ContextTokens, ContextBytes, ToolTokens, ToolBytes} {
			j.unjudged(name, "", j.rules.of(name, ""), why)
		}
	} else {
		j.whole(&o)
	}
	for _, d := range o.all {
		name, where := view.DefinitionName(d.Kind, d.Name), []uint64(nil)
		if d.Kind == record.ToolDefinition {
			where = []uint64{o.op}
			detail := []string{view.Size(d.Size) + ", " + view.SomeTokens(d.Tokens)}
			const next = "shorten descriptions and schemas: they are in every conversation"
			j.budget(ToolTokens, measured{name, float64(d.Tokens), detail, where, next})
			j.budget(ToolBytes, measured{name, float64(d.Size), detail, where, next})
		}
		if d.Description > 0 {
			j.described(name, &d, where)
		}
	}
}

// whole judges what all tools and the instructions cost.
func (j *judge) whole(o *offered) {
	dear := slices.Clone(o.all)
	dear = slices.DeleteFunc(dear, func(d record.Definition) bool {
		return d.Kind != record.ToolDefinition && d.Kind != record.InstructionsDefinition
	})
	slices.SortStableFunc(dear, func(a, b record.Definition) int { return cmp.Compare(b.Tokens, a.Tokens) })
	const most = 3
	var parts []string
	for _, d := range dear[:min(len(dear), most)] {
		parts = append(parts, view.DefinitionName(d.Kind, d.Name)+" "+view.Tokens(d.Tokens))
	}
	detail := fmt.Sprintf("%s, %s; the dearest: %s", view.Size(o.bytes), view.SomeTokens(o.tokens), strings.Join(parts, ", "))
	const next = "offer fewer tools, or shorten the dearest"
	j.budget(ContextTokens, measured{"", float64(o.tokens), []string{detail}, []uint64{o.op}, next})
	j.budget(ContextBytes, measured{"", float64(o.bytes), []string{detail}, []uint64{o.op}, next})
}

// described judges how long a description is.
func (j *judge) described(name string, d *record.Definition, where []uint64) {
	what := "the description has"
	if d.Kind == record.InstructionsDefinition {
		what = "the instructions have"
	}
	j.budget(Description, measured{
		name, float64(d.Description),
		[]string{fmt.Sprintf("%s %s characters; Claude Code cuts at %s, and what is beyond never reaches the model",
			what, view.Number(int(d.Description)), view.Number(int(mostDescribed())))},
		where, "put what matters first, and shorten the rest",
	})
}

// tools judges which tools are listed.
func (j *judge) tools() {
	o := j.offered()
	var names []string
	for _, d := range o.all {
		if d.Kind == record.ToolDefinition && d.Name != "" {
			names = append(names, d.Name)
		}
	}
	for _, rule := range []Name{ExpectTools, ForbidTools} {
		for _, l := range j.rules.names[rule] {
			if !o.tools {
				j.unjudged(rule, l.pattern, Budget{Line: l.line}, "there is no list of tools")
				continue
			}
			j.listed(rule, l, names, o.op)
		}
	}
}

func (j *judge) listed(rule Name, l listed, names []string, op uint64) {
	var found []string
	for _, name := range names {
		if matches(l.pattern, name) {
			found = append(found, view.Safe(name))
		}
	}
	r := Result{Measured: "not listed", Allowed: "listed", Line: l.line, Operations: []uint64{op}}
	if rule == ForbidTools {
		r.Allowed = "not listed"
	}
	ok := (len(found) > 0) == (rule == ExpectTools)
	const most = 5
	switch {
	case len(found) > 0:
		r.Measured = "listed"
		r.Details = []string{strings.Join(found[:min(len(found), most)], ", ")}
	case rule == ExpectTools:
		r.Details = []string{fmt.Sprintf("the list has %s: %s", view.Plural(len(names), "tool"), view.Safe(strings.Join(names, ", ")))}
	}
	j.word(rule, l.pattern, ok, r)
}

// baseline judges whether the server offers what it has to.
func (j *judge) baseline(before *Definitions) {
	b := j.rules.file
	if b.Off || before == nil {
		return
	}
	now := Offered(j.session)
	if now == nil {
		j.unjudged(Baseline, "", b, "a stored session has no texts of definitions; record one: spanpipe record -o session.jsonl -- your-server")
		return
	}
	changes, left := Compare(before, now)
	if len(left) == len(before.known) && !now.instructed {
		j.unjudged(Baseline, "", b, "the recording has no whole list of definitions")
		return
	}
	for _, kind := range left {
		j.unjudged(Baseline, string(kind), b, "the recording has no whole list of these")
	}
	r := Result{
		Measured: view.Plural(len(changes), "difference"), Allowed: "none", Line: b.Line,
	}
	for _, c := range changes {
		r.Details = append(r.Details, c.String())
	}
	j.word(Baseline, "", len(changes) == 0, r)
}

//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// What this binary is when it is started by itself.
const (
	roleServer    = "bench-server"
	roleCollector = "bench-collector"
)

// options are the command line.
type options struct {
	spanpipe, cc, json, svg string
	also                    []string
	only, parts             string
	short                   bool
	fleet                   int
}

func main() {
	if err := role(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func role(args []string) error {
	if len(args) == 1 {
		switch args[0] {
		case roleServer:
			return serve(os.Stdin, os.Stdout)
		case roleCollector:
			return collect(os.Stdin, os.Stdout)
		}
	}
	o, err := parse(args, os.Stderr)
	if err != nil {
		return err
	}
	return o.run(context.Background(), os.Stdout, os.Stderr)
}

func parse(args []string, help io.Writer) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(help)
	f.StringVar(&o.spanpipe, "spanpipe", "", "measure this `binary` and build none")
	f.StringVar(&o.cc, "cc", "cc", "the C `compiler` for the server; empty, or not found: the server is written in Go")
	f.StringVar(&o.json, "json", "", "write the results to this `file` as JSON")
	f.StringVar(&o.svg, "svg", "", "draw the results into this `directory`")
	f.StringVar(&o.only, "subjects", "", "measure only these, a comma-separated `list`; direct, cat and --also always are")
	f.StringVar(&o.parts, "parts", "", "measure only these parts, a comma-separated `list` of conversations, cpu, memory, start, exit, losses")
	f.Func("also", "measure also what this `command` does, put in front of the server's; may be repeated", func(s string) error {
		o.also = append(o.also, s)
		return nil
	})
	f.BoolVar(&o.short, "short", false, "measure just enough to see that everything works")
	f.IntVar(&o.fleet, "fleet", 0, "measure instead what so many `sessions` send, with settings that change it")
	err = f.Parse(args)
	if err == nil && f.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %s", f.Arg(0))
	}
	return o, err
}

// run measures and reports.
func (o options) run(ctx context.Context, out, progress io.Writer) error {
	dir, err := os.MkdirTemp("", "spanpipe-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{short: o.short, progress: progress, product: o.spanpipe}
	if b.product == "" {
		b.say("building spanpipe")
		b.built = true
		if b.product, err = build(ctx, dir); err != nil {
			return err
		}
	}
	if b.server, b.result.Server, err = compile(ctx, o.cc, dir); err != nil {
		return err
	}
	if b.collector, err = startCollector(ctx); err != nil {
		return err
	}
	defer b.collector.stop()
	b.choose(o)
	b.describe(ctx)
	if o.fleet > 0 {
		err = b.fleet(o.fleet)
	} else {
		err = b.run(ctx, o.parts)
	}
	if err != nil {
		return err
	}
	if err := table(out, &b.result); err != nil {
		return err
	}
	if o.svg != "" && o.fleet == 0 {
		if err := draw(o.svg, &b.result); err != nil {
			return err
		}
	}
	if o.json == "" {
		return nil
	}
	text, err := json.MarshalIndent(b.result, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.json, append(text, '\n'), 0o644) //nolint:gosec // to be read by others
}

// choose settles the subjects.
func (b *bench) choose(o options) {
	for _, s := range b.subjects(o.also) {
		if o.only == "" || s.name == direct || s.name == floor || strings.HasPrefix(s.name, "also-") || strings.Contains(","+o.only+",", ","+s.name+",") {
			b.all = append(b.all, s)
			b.result.Subjects = append(b.result.Subjects, Subject{s.name, s.about})
		}
	}
}

// describe says what is measured, and where.
func (b *bench) describe(ctx context.Context) {
	r := &b.result
	r.Date, r.Go, r.Cores, r.Short = time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.NumCPU(), b.short
	r.Processor, r.Kernel = machine()
	if b.built { // of a binary that was given nothing is known
		r.Commit = revision(ctx)
	}
	if info, err := os.Stat(b.product); err == nil {
		r.Binary = info.Size()
	}
}

// revision is the checkout's, marked where the checkout differs from it.
func revision(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// build builds spanpipe as it is released.
func build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "spanpipe")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "github.com/spanpipe/spanpipe")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building spanpipe: %w: %s", err, out)
	}
	return path, nil
}

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

// options are the command line.
type options struct {
	spanpipe, json string
	before, also   []string
	only, parts    string
	short          bool
	fleet, stack   int
}

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 1 && args[0] == collectorRole {
		return collect(os.Stdin, os.Stdout)
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
	list := func(into *[]string) func(string) error {
		return func(s string) error { *into = append(*into, s); return nil }
	}
	f.StringVar(&o.spanpipe, "spanpipe", "", "measure this `binary`; by default spanpipe is built")
	f.Func("before", "compare with this earlier `binary` of spanpipe; may be repeated", list(&o.before))
	f.Func("also", "measure also this wrapper, a `command` to put before the server's; may be repeated", list(&o.also))
	f.StringVar(&o.only, "subjects", "", "measure only these subjects, a comma-separated `list` of off, local, otlp, both, content; direct, cat and -also always are")
	f.StringVar(&o.parts, "parts", "", "measure only these parts, a comma-separated `list` of conversations, cpu, memory, session, rest, start, exit, losses, report")
	f.BoolVar(&o.short, "short", false, "measure just enough to see that everything works")
	f.IntVar(&o.fleet, "fleet", 0, "measure instead the bytes that this number of `sessions` sends, under several settings")
	f.IntVar(&o.stack, "stack", 0, "measure instead what this number of `sessions` costs a real collector and Prometheus (Linux)")
	f.StringVar(&o.json, "json", "", "write the results to this `file` as JSON")
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
	b := &bench{short: o.short, progress: progress, dir: dir, server: []string{filepath.Join(dir, "server")}}
	product := o.spanpipe
	if err := build(ctx, dir, product == ""); err != nil {
		return err
	}
	if product == "" {
		product, b.result.Commit = filepath.Join(dir, "spanpipe"), revision(ctx)
	}
	if b.collector, err = startCollector(ctx); err != nil {
		return err
	}
	defer b.collector.stop()
	b.builds = []program{{"", product}}
	for i, path := range o.before {
		b.builds = append(b.builds, program{beforeName(i), path})
	}
	b.choose(o)
	if err := b.describe(product); err != nil {
		return err
	}
	switch {
	case o.fleet > 0:
		err = b.fleet(ctx, o.fleet)
	case o.stack > 0:
		err = b.stack(ctx, o.stack)
	default:
		err = b.run(ctx, o.parts)
	}
	if err != nil {
		return err
	}
	if err := report(out, &b.result); err != nil {
		return err
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

// build builds the server and, if wanted, spanpipe as it is released.
func build(ctx context.Context, dir string, product bool) error {
	const module = "github.com/spanpipe/spanpipe"
	args := []string{"build", "-trimpath", "-tags", "grpcnotrace,urfave_cli_no_docs", "-ldflags", "-s -w",
		"-o", dir + "/", module + "/internal/bench/server"}
	if product {
		args = append(args, module)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building: %w: %s", err, out)
	}
	return nil
}

// revision returns the checkout's commit, marked if the checkout differs from it.
func revision(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// describe notes what is measured, and where.
func (b *bench) describe(product string) error {
	r := &b.result
	r.Date, r.Go, r.Cores, r.Short = time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.NumCPU(), b.short
	r.Processor, r.Kernel = machine()
	info, err := os.Stat(product)
	if err == nil {
		r.Binary = info.Size()
	}
	return err
}

//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// Stack is what many sessions have cost a collector and Prometheus, summed over all of them.
type Stack struct {
	Variant  string             `json:"variant"`
	Sessions int                `json:"sessions"`
	Sent     map[string]float64 `json:"sent"`     // bytes of a session on the wire, by signal
	Requests float64            `json:"requests"` // of a session
	// CPU is in seconds, Memory the peak in MiB, of the collector and of Prometheus.
	CPU, Memory map[string]float64
	Series      int     `json:"series"`  // that Prometheus holds
	Samples     int     `json:"samples"` // that it has taken
	Disk        float64 `json:"disk"`    // MiB of its directory
	Spans       int64   `json:"spans"`   // that came out of the collector
}

// directConfig is a collector that hands on what it gets: each session has its own series.
const directConfig = `
receivers: {otlp: {protocols: {grpc: {endpoint: "%[1]s"}}}}
processors:
  memory_limiter: {check_interval: 1s, limit_percentage: 75, spike_limit_percentage: 15}
  batch: {timeout: 1s, send_batch_size: 1024, send_batch_max_size: 4096}
exporters:
  otlp_grpc/traces: {endpoint: "${env:GATEWAY_TRACES_ENDPOINT}", tls: {insecure: true}}
  otlp_grpc/logs: {endpoint: "${env:GATEWAY_TRACES_ENDPOINT}", tls: {insecure: true}}
  otlp_http/metrics: {endpoint: "${env:GATEWAY_METRICS_ENDPOINT}", sending_queue: {num_consumers: 1}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlp_grpc/traces]}
    metrics: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlp_http/metrics]}
    logs: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlp_grpc/logs]}
  telemetry: {metrics: {level: none}}
`

// stacks are what is compared: the settings of docs/scale.md come last, with the gateway for which they are made.
var stacks = []struct {
	name    string
	gateway bool
	env     []string
}{
	{"each session's series, explicit buckets", false, nil},
	{"each session's series, exponential", false, []string{exponential}},
	{"gateway, delta, exponential", true, []string{
		exponential, "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta", "OTEL_METRICS_EXEMPLAR_FILTER=always_off",
		"SPANPIPE_TRACE_SCOPE=operation",
	}},
}

const exponential = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION=base2_exponential_bucket_histogram"

// stack runs many sessions of the product's demonstration through a real collector to a real Prometheus.
func (b *bench) stack(ctx context.Context, sessions int) error {
	collector, prometheus := os.Getenv("SPANPIPE_TEST_COLLECTOR"), os.Getenv("SPANPIPE_TEST_PROMETHEUS")
	if collector == "" || prometheus == "" {
		return errors.New(`the collector and Prometheus are not known: eval "$(.ci/fetch --env collector prometheus)" sets their variables`)
	}
	for i, s := range stacks {
		b.say("stack: %s", s.name)
		dir := filepath.Join(b.dir, "stack"+strconv.Itoa(i))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		env := append(gzip("SPANPIPE_TELEMETRY=otlp"), s.env...)
		// Bytes on the wire are those that the benchmark's own collector counts, of a few sessions.
		before, err := b.collector.tally()
		if err != nil {
			return err
		}
		const few = 20
		if err := b.demos(ctx, few, append(env, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+b.collector.GRPC)); err != nil {
			return err
		}
		now, err := b.collector.tally()
		if err != nil {
			return err
		}
		before = now.since(before)
		result := Stack{Variant: s.name, Sessions: sessions, Sent: map[string]float64{}, CPU: map[string]float64{}, Memory: map[string]float64{}}
		for signal, bytes := range before.Wire {
			result.Sent[string(signal)] = float64(bytes) / few
			result.Requests += float64(before.Requests[signal]) / few
		}
		if err := b.through(ctx, &result, dir, s.gateway, env, collector, prometheus); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		b.result.Stack = append(b.result.Stack, result)
	}
	return nil
}

// through runs the sessions and measures what they cost both programs. It ends when Prometheus has counted every session's end.
func (b *bench) through(ctx context.Context, r *Stack, dir string, gateway bool, env []string, collector, prometheus string) error {
	address, web := free(), free()
	store, err := background(ctx, dir, nil, prometheus, "--config.file=deploy/prometheus.yaml", "--web.enable-otlp-receiver",
		"--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+web)
	if err != nil {
		return err
	}
	defer end(store)
	if err := b.writeConfig(dir, address, gateway); err != nil {
		return err
	}
	through, err := background(ctx, dir, []string{
		"GATEWAY_TRACES_ENDPOINT=" + b.collector.GRPC, "GATEWAY_LOGS_ENDPOINT=http://" + b.collector.HTTP,
		"GATEWAY_METRICS_ENDPOINT=http://" + web + "/api/v1/otlp", "GATEWAY_STORAGE=" + filepath.Join(dir, "queue"),
	}, collector, "--config="+filepath.Join(dir, "collector.yaml"))
	if err != nil {
		return err
	}
	defer end(through)
	for _, listening := range []string{address, web} {
		if err := until(ctx, func() bool { return dials(listening) }); err != nil {
			return err
		}
	}
	before, err := b.collector.tally()
	if err != nil {
		return err
	}
	programs := map[string]int{"collector": through.Process.Pid, "Prometheus": store.Process.Pid}
	for name, pid := range programs {
		used, _ := spent(pid)
		r.CPU[name] = -used
	}
	if err := b.demos(ctx, r.Sessions, append(env, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+address)); err != nil {
		return err
	}
	ends := "sum(last_over_time(spanpipe_server_exits_total[1h]))"
	if err := until(ctx, func() bool { return ask(web, ends) == float64(r.Sessions) }); err != nil {
		return fmt.Errorf("the ends of %v sessions are in Prometheus, want %d: %w", ask(web, ends), r.Sessions, err)
	}
	for name, pid := range programs {
		used, peak := spent(pid)
		r.CPU[name] += used
		r.Memory[name] = peak
	}
	r.Series = int(ask(web, `count(last_over_time({__name__=~"(mcp|spanpipe|process|target)_.+"}[1h]))`))
	if r.Samples, err = appended(web); err != nil {
		return err
	}
	now, err := b.collector.tally()
	if err != nil {
		return err
	}
	r.Spans = now.since(before).Spans
	r.Disk, err = size(filepath.Join(dir, "data"))
	return err
}

// writeConfig writes the collector's configuration: the gateway's, with other addresses and without TLS and tokens, whose cost is
// that of other software; or the direct one.
func (b *bench) writeConfig(dir, address string, gateway bool) error {
	text := fmt.Sprintf(directConfig, address)
	if gateway {
		deployed, err := os.ReadFile("deploy/collector/gateway.yaml")
		if err != nil {
			return err
		}
		kept := slices.DeleteFunc(strings.Split(string(deployed), "\n"), func(line string) bool {
			line = strings.TrimSpace(line)
			return strings.HasPrefix(line, "tls: &tls") || strings.HasPrefix(line, "tls: *tls") || strings.HasPrefix(line, "auth: {") ||
				strings.HasPrefix(line, "cert_file:") || strings.HasPrefix(line, "key_file:") || strings.HasPrefix(line, "reload_interval:") ||
				strings.HasPrefix(line, "bearertokenauth:") || strings.HasPrefix(line, "filename:")
		})
		host, port, err := net.SplitHostPort(free())
		if err != nil {
			return err
		}
		text = strings.NewReplacer("0.0.0.0:4317", address, "0.0.0.0:4318", free(), "0.0.0.0:13133", free(), ", bearertokenauth", "",
			"host: 0.0.0.0, port: 8888", "host: "+host+", port: "+port).Replace(strings.Join(kept, "\n"))
	}
	return os.WriteFile(filepath.Join(dir, "collector.yaml"), []byte(text), 0o600)
}

// demos runs sessions of "spanpipe demo", sixteen at a time: a client that uses five tools of a server, which also fail.
func (b *bench) demos(ctx context.Context, sessions int, env []string) error {
	failed, limit := make([]error, sessions), make(chan struct{}, 16)
	var all sync.WaitGroup
	for i := range sessions {
		limit <- struct{}{}
		all.Go(func() {
			defer func() { <-limit }()
			cmd := exec.CommandContext(ctx, b.builds[0].path, "demo")
			cmd.Env = append(os.Environ(), append(env, "SPANPIPE_FLUSH_TIMEOUT=1m")...) // a busy machine loses nothing
			if out, err := cmd.CombinedOutput(); err != nil {
				failed[i] = fmt.Errorf("spanpipe demo: %w: %.300s", err, out)
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

// background starts a program whose output goes to a file.
func background(ctx context.Context, dir string, env []string, program string, args ...string) (*exec.Cmd, error) {
	log, err := os.Create(filepath.Join(dir, filepath.Base(program)+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env...), log, log
	return cmd, cmd.Start()
}

func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // its data is temporary
	_ = cmd.Wait()
}

// until polls for at most five minutes.
func until(ctx context.Context, ready func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for !ready() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return nil
}

func free() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:0"
	}
	defer l.Close()
	return l.Addr().String()
}

func dials(address string) bool {
	conn, err := net.Dial("tcp", address)
	return err == nil && conn.Close() == nil
}

// ask returns the one value of an expression, or 0.
func ask(web, expression string) (value float64) {
	var decoded struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	response, err := http.Get("http://" + web + "/api/v1/query?query=" + url.QueryEscape(expression))
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	if json.NewDecoder(response.Body).Decode(&decoded) == nil && len(decoded.Data.Result) == 1 {
		text, _ := decoded.Data.Result[0].Value[1].(string)
		value, _ = strconv.ParseFloat(text, 64)
	}
	return value
}

// appended returns how many samples Prometheus has taken by OTLP and rules.
func appended(web string) (total int, err error) {
	response, err := http.Get("http://" + web + "/metrics")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "prometheus_tsdb_head_samples_appended_total"); ok {
			_, number, _ := strings.Cut(strings.TrimSpace(rest), " ")
			n, _ := strconv.ParseFloat(number, 64)
			total += int(n)
		}
	}
	return total, err
}

// size returns the size of a directory's files in MiB.
func size(dir string) (total float64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			if s, ok := info.Sys().(*syscall.Stat_t); ok {
				total += float64(s.Blocks*512) / (1 << 20)
			} else {
				total += float64(info.Size()) / (1 << 20)
			}
		}
		return err
	})
	return total, err
}

// stackTable prints what was measured, for the number of sessions that ran.
func stackTable(w *tabwriter.Writer, all []Stack) {
	fmt.Fprintf(w, "\n%d sessions\t KiB sent by each: traces\t metrics\t logs\t requests\t CPU s: collector\t Prometheus\t MiB: collector\t Prometheus\t series\t samples\t MiB on disk\t spans kept\t\n", all[0].Sessions)
	for _, r := range all {
		fmt.Fprintf(w, "%s\t %.1f\t %.1f\t %.1f\t %.1f\t %.1f\t %.1f\t %.0f\t %.0f\t %d\t %d\t %.1f\t %d\t\n", r.Variant,
			r.Sent[string(otlptest.Traces)]/1024, r.Sent[string(otlptest.Metrics)]/1024, r.Sent[string(otlptest.Logs)]/1024, r.Requests,
			r.CPU["collector"], r.CPU["Prometheus"], r.Memory["collector"], r.Memory["Prometheus"], r.Series, r.Samples, r.Disk, r.Spans)
	}
}

// Command otlpfilereader runs the OpenTelemetry Collector's otlp_json_file receiver on files, and writes the spans, log
// records and metrics that the receiver has read to stdout, in the Collector's own encoding: a line for each batch, which
// begins with "traces", "logs" or "metrics". It ends when its stdin does.
//
//	otlpfilereader FILE...
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/otlpjsonfilereceiver"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "otlpfilereader:", err)
		os.Exit(1)
	}
}

func run(files []string) error {
	factory, ctx := otlpjsonfilereceiver.NewFactory(), context.Background()
	config := factory.CreateDefaultConfig()
	err := confmap.NewFromStringMap(map[string]any{
		"include": files, "start_at": "beginning", "include_file_name": false, // which it would add to the attributes
	}).Unmarshal(config)
	if err != nil {
		return err
	}
	settings := receivertest.NewNopSettings(factory.Type())
	traces, err := consumer.NewTraces(func(_ context.Context, t ptrace.Traces) error {
		return write("traces", t, (&ptrace.JSONMarshaler{}).MarshalTraces)
	})
	if err != nil {
		return err
	}
	logs, err := consumer.NewLogs(func(_ context.Context, l plog.Logs) error {
		return write("logs", l, (&plog.JSONMarshaler{}).MarshalLogs)
	})
	if err != nil {
		return err
	}
	metrics, err := consumer.NewMetrics(func(_ context.Context, m pmetric.Metrics) error {
		return write("metrics", m, (&pmetric.JSONMarshaler{}).MarshalMetrics)
	})
	if err != nil {
		return err
	}
	var all []receiver.Traces
	for _, create := range []func() (receiver.Traces, error){
		func() (receiver.Traces, error) { return factory.CreateTraces(ctx, settings, config, traces) },
		func() (receiver.Traces, error) { return factory.CreateLogs(ctx, settings, config, logs) },
		func() (receiver.Traces, error) { return factory.CreateMetrics(ctx, settings, config, metrics) },
	} {
		r, err := create()
		if err != nil {
			return err
		}
		if err := r.Start(ctx, componenttest.NewNopHost()); err != nil {
			return err
		}
		all = append(all, r)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	for _, r := range all {
		if err := r.Shutdown(ctx); err != nil {
			return err
		}
	}
	return nil
}

// output serializes the receivers' goroutines.
var output sync.Mutex

func write[T any](signal string, data T, marshal func(T) ([]byte, error)) error {
	text, err := marshal(data)
	if err != nil {
		return err
	}
	output.Lock()
	defer output.Unlock()
	_, err = fmt.Printf("%s %s\n", signal, text)
	return err
}

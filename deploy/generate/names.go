package main

import (
	"slices"
	"strings"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// metric returns an instrument's name in Prometheus, as its OTLP receiver and the page of metrics write it
// (translation_strategy UnderscoreEscapingWithSuffixes).
func metric(i semconv.Instrument) string {
	name := label(i.Name)
	if unit := map[string]string{"s": "_seconds", "By": "_bytes"}[i.Unit]; !strings.HasSuffix(name, unit) {
		name += unit
	}
	if i.Form == semconv.Counter {
		name += "_total"
	}
	return name
}

// label returns the name of an attribute in Prometheus.
func label(attribute string) string { return strings.ReplaceAll(attribute, ".", "_") }

// Labels of the target, which every series has.
const (
	job      = "job"      // service.name
	instance = "instance" // service.instance.id: the session
)

// The labels that panels filter and group by.
var (
	method    = label(semconv.MethodName)
	tool      = label(semconv.ToolName)
	class     = label(semconv.ErrorClass)
	direction = label(semconv.Direction)
	resource  = label(semconv.Resource)
	client    = label(semconv.ClientName)
	server    = label(semconv.ServerName)
)

// grown returns the name under which rules.yaml records by how much a counter, or the count of a histogram, has grown in a
// minute, over all sessions of a server.
func grown(i semconv.Instrument) string {
	if i.Form == semconv.Histogram {
		return "job:" + metric(i) + "_count:increase1m"
	}
	return "job:" + metric(i) + ":increase1m"
}

// grownSum is grown of the sum of a histogram.
func grownSum(i semconv.Instrument) string { return "job:" + metric(i) + "_sum:increase1m" }

// grownBuckets is grown of the explicit buckets of a histogram, grownHistogram of one that is exponential.
func grownBuckets(i semconv.Instrument) string   { return "job:" + metric(i) + "_bucket:increase1m" }
func grownHistogram(i semconv.Instrument) string { return "job:" + metric(i) + ":increase1m" }

// held returns the name under which rules.yaml records a gauge over all sessions of a server.
func held(i semconv.Instrument) string { return "job:" + metric(i) + ":sum" }

// counting returns the instruments that grow.
func counting() []semconv.Instrument {
	return slices.DeleteFunc(semconv.Instruments(), func(i semconv.Instrument) bool {
		return i.Form != semconv.Counter && i.Form != semconv.Histogram
	})
}

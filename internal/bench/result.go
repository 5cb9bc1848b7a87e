//go:build unix

package main

import (
	"math"
	"slices"
)

// Result is a run, as it is written with --json.
type Result struct {
	Date      string    `json:"date"`
	Commit    string    `json:"commit"`
	Go        string    `json:"go"`
	Processor string    `json:"processor"`
	Cores     int       `json:"cores"`
	Kernel    string    `json:"kernel"`
	Server    string    `json:"server"` // the language it is written in
	Binary    int64     `json:"binary"` // bytes, stripped
	Short     bool      `json:"short,omitempty"`
	Subjects  []Subject `json:"subjects"`
	Rows      []Row     `json:"rows"`
	Losses    []Loss    `json:"losses"`
	Fleet     []Traffic `json:"fleet,omitempty"`
}

// Subject is what was measured.
type Subject struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// Row is one measure of one subject.
type Row struct {
	Measure  string             `json:"measure"`
	Subject  string             `json:"subject"`
	Unit     string             `json:"unit"`
	Samples  int                `json:"samples"`
	Values   map[string]float64 `json:"values"`              // by statistic, over all samples
	ToDirect map[string]float64 `json:"to_direct,omitempty"` // the median of the rounds' ratios
	ToFloor  map[string]float64 `json:"to_floor,omitempty"`
}

// statistic is a figure made of samples.
type statistic struct {
	name string
	rank float64
}

var (
	latency = []statistic{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}
	median  = []statistic{{"median", 0.5}}
)

// of finds the statistic of sorted samples.
func (s statistic) of(sorted []float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	return sorted[min(int(s.rank*float64(len(sorted))), len(sorted)-1)]
}

// summarize makes rows of samples by subject and round.
func summarize(measure, unit string, statistics []statistic, names []string, samples map[string][][]float64) []Row {
	for _, rounds := range samples {
		for _, s := range rounds {
			slices.Sort(s)
		}
	}
	var rows []Row
	for _, name := range names {
		all := slices.Concat(samples[name]...)
		if len(all) == 0 {
			continue
		}
		slices.Sort(all)
		row := Row{Measure: measure, Subject: name, Unit: unit, Samples: len(all), Values: map[string]float64{}}
		for _, s := range statistics {
			row.Values[s.name] = round(s.of(all))
		}
		row.ToDirect = ratios(statistics, samples[name], samples[direct])
		row.ToFloor = ratios(statistics, samples[name], samples[floor])
		rows = append(rows, row)
	}
	return rows
}

// ratios compares two subjects within each round, and takes the median.
func ratios(statistics []statistic, those, to [][]float64) map[string]float64 {
	found := map[string]float64{}
	for _, s := range statistics {
		var each []float64
		for i := range min(len(those), len(to)) {
			if r := s.of(those[i]) / s.of(to[i]); !math.IsNaN(r) && !math.IsInf(r, 0) {
				each = append(each, r)
			}
		}
		if len(each) > 0 {
			slices.Sort(each)
			found[s.name] = round((each[(len(each)-1)/2] + each[len(each)/2]) / 2)
		}
	}
	return found
}

// round keeps four digits: more would claim what was not measured.
func round(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

// find returns a row, or nil.
func (r *Result) find(measure, subject string) *Row {
	for i := range r.Rows {
		if r.Rows[i].Measure == measure && r.Rows[i].Subject == subject {
			return &r.Rows[i]
		}
	}
	return nil
}

// measures are the names of the measures in their order.
func (r *Result) measures() (names []string) {
	for _, row := range r.Rows {
		if !slices.Contains(names, row.Measure) {
			names = append(names, row.Measure)
		}
	}
	return names
}

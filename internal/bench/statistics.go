//go:build unix

package main

import (
	"math"
	"slices"
	"strings"
)

// Result is a run, as -json writes it.
type Result struct {
	Date      string    `json:"date"`
	Commit    string    `json:"commit"`
	Go        string    `json:"go"`
	Processor string    `json:"processor"`
	Cores     int       `json:"cores"`
	Kernel    string    `json:"kernel"`
	Binary    int64     `json:"binary"` // bytes, stripped
	Short     bool      `json:"short,omitempty"`
	Subjects  []Subject `json:"subjects"`
	Rows      []Row     `json:"rows"`
	Losses    []Loss    `json:"losses"`
	Fleet     []Traffic `json:"fleet,omitempty"`
	Stack     []Stack   `json:"stack,omitempty"`
}

// Subject is what was measured.
type Subject struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// Row is one measure of one subject.
type Row struct {
	Measure string                      `json:"measure"`
	Subject string                      `json:"subject"`
	Unit    string                      `json:"unit"`
	Samples int                         `json:"samples"`
	Values  map[string]float64          `json:"values"` // by statistic, over all samples
	Ratios  map[string]map[string]Ratio `json:"ratios"` // by the subject compared with, then by statistic
}

// Ratio compares two subjects: the median and the quartiles of the ratios within the rounds.
type Ratio struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// statistic is a quantile of samples.
type statistic struct {
	name string
	rank float64
}

var (
	latency = []statistic{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}
	median  = []statistic{{"median", 0.5}}
)

// of returns the statistic of sorted samples.
func (s statistic) of(sorted []float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	return sorted[min(int(s.rank*float64(len(sorted))), len(sorted)-1)]
}

// samples are those of one measure: by subject, then by round.
type samples map[string][][]float64

func (s samples) add(subject string, round ...float64) { s[subject] = append(s[subject], round) }

// summarize adds a row for each subject that has samples.
func (b *bench) summarize(measure, unit string, statistics []statistic, names []string, all samples) {
	for _, rounds := range all {
		for _, s := range rounds {
			slices.Sort(s)
		}
	}
	for _, name := range names {
		values := slices.Concat(all[name]...)
		if len(values) == 0 {
			continue
		}
		slices.Sort(values)
		row := Row{
			Measure: measure, Subject: name, Unit: unit, Samples: len(values),
			Values: map[string]float64{}, Ratios: map[string]map[string]Ratio{},
		}
		for _, s := range statistics {
			row.Values[s.name] = round(s.of(values))
		}
		for _, reference := range b.references(name) {
			if ratios := compare(statistics, all[name], all[reference]); len(ratios) > 0 {
				row.Ratios[reference] = ratios
			}
		}
		b.result.Rows = append(b.result.Rows, row)
	}
}

// references returns what a subject is compared with: no wrapper, the floor, and the same mode of earlier builds.
func (b *bench) references(name string) []string {
	all := []string{direct, floor}
	for _, p := range b.builds[1:] {
		all = append(all, p.subject(name)) // which only a subject of the current build has
	}
	return all
}

// compare compares two subjects within each round.
func compare(statistics []statistic, those, with [][]float64) map[string]Ratio {
	found := map[string]Ratio{}
	for _, s := range statistics {
		var each []float64
		for i := range min(len(those), len(with)) {
			if r := s.of(those[i]) / s.of(with[i]); !math.IsNaN(r) && !math.IsInf(r, 0) {
				each = append(each, r)
			}
		}
		if n := len(each); n > 0 {
			slices.Sort(each)
			found[s.name] = Ratio{round((each[(n-1)/2] + each[n/2]) / 2), round(each[n/4]), round(each[(n-1)-n/4])}
		}
	}
	return found
}

// round keeps four digits: the noise is larger.
func round(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}

// measures returns the names of the measures in their order.
func (r *Result) measures() (names []string) {
	for _, row := range r.Rows {
		if !slices.Contains(names, row.Measure) {
			names = append(names, row.Measure)
		}
	}
	return names
}

func (r *Result) rowsOf(measure string) (rows []Row) {
	for _, row := range r.Rows {
		if row.Measure == measure {
			rows = append(rows, row)
		}
	}
	return rows
}

// builds returns the names of the earlier builds.
func (r *Result) builds() (names []string) {
	for _, s := range r.Subjects {
		if name, _, ok := strings.Cut(s.Name, " "); ok && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// modesOf returns the modes in which an earlier build was measured.
func (r *Result) modesOf(build string) (modes []string) {
	for _, s := range r.Subjects {
		if mode, ok := strings.CutPrefix(s.Name, build+" "); ok {
			modes = append(modes, mode)
		}
	}
	return modes
}

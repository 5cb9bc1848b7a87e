package script_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
)

// axisCase is an axis of package view, for the page's to be compared with. Times are seconds, multiples of 1/512, which both
// languages have exactly.
type axisCase struct {
	Intervals [][2]float64 `json:"intervals"`
	Columns   int          `json:"columns"`
	Width     int          `json:"width"` // what its pieces take
	Folds     []axisFold   `json:"folds"`
	Times     []float64    `json:"times"` // when each column begins
}

type axisFold struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
	Busy bool    `json:"busy"`
}

// TestAxisOfPage: the vectors with which axis.test.mjs checks the page's axis are what package view draws. Write them
// anew with -update.
func TestAxisOfPage(t *testing.T) {
	exact := func(seconds float64) float64 { return math.Round(seconds*512) / 512 }
	cases := []axisCase{
		{Intervals: [][2]float64{{0, 60}}, Columns: 40},
		{Intervals: [][2]float64{{0, 0}}, Columns: 40},
		{Intervals: [][2]float64{{0, 0}, {60, 60}}, Columns: 40},
		{Intervals: [][2]float64{{0, 1}, {3600, 3601}}, Columns: 40},
		{Intervals: [][2]float64{{0, 1}, {1, 61}, {61, 62}}, Columns: 40},
		{Intervals: [][2]float64{{0, 1}, {60, 61}, {120, 121}, {180, 181}, {240, 241}, {300, 301}, {360, 361}}, Columns: 40},
	}
	for seed := range uint64(24) {
		random := rand.New(rand.NewPCG(seed, 1))
		c := axisCase{Columns: 12 + random.IntN(90)}
		at := 0.0
		for range 1 + random.IntN(40) {
			at += exact(random.ExpFloat64() * random.ExpFloat64() * float64(random.IntN(3)) * 20)
			c.Intervals = append(c.Intervals, [2]float64{at, at + exact(random.ExpFloat64()*float64(random.IntN(2000))/1000)})
		}
		cases = append(cases, c)
	}
	zero := time.Unix(1_800_000_000, 0)
	when := func(seconds float64) time.Time { return zero.Add(time.Duration(seconds * float64(time.Second))) }
	since := func(at time.Time) float64 { return at.Sub(zero).Seconds() }
	for i := range cases {
		c := &cases[i]
		intervals := make([]view.Interval, len(c.Intervals))
		for k, s := range c.Intervals {
			intervals[k] = view.Interval{From: when(s[0]), To: when(s[1])}
		}
		axis := view.NewAxis(intervals, c.Columns)
		c.Width = axis.Columns
		c.Folds, c.Times = []axisFold{}, make([]float64, axis.Columns)
		for _, f := range axis.Folds() {
			c.Folds = append(c.Folds, axisFold{since(f.From), since(f.To), f.Busy})
		}
		for column := range c.Times {
			c.Times[column] = since(axis.Time(column))
		}
	}
	got, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/axis.json"
	if *update {
		if err := os.WriteFile(path, append(got, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(path); err != nil || string(want) != string(got)+"\n" {
		t.Errorf("%s is not what package view draws (%v); look at the change, and: go test ./internal/web/script -run %s -update", path, err, t.Name())
	}
}

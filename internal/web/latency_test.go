package web_test

import (
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/web"
)

// TestSlots: the columns of a heat map cover the window with a bounded number of equal slots.
func TestSlots(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	until := time.Date(2026, 11, 1, 14, 33, 0, 0, berlin)
	for _, d := range []time.Duration{
		time.Second, 15 * time.Minute, time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 200 * 24 * time.Hour, 9000 * 24 * time.Hour,
	} {
		all, width := web.Slots(until.Add(-d), until)
		if n := len(all); n < 1 || n > web.MostHeatSlots || all[0].After(until.Add(-d)) || all[n-1].Add(width).Before(until) {
			t.Errorf("%v: %d slots of %v from %v", d, len(all), width, all[0])
		}
		labels, empty := web.SlotLabels(all, width), true
		for i, text := range labels {
			empty = empty && text == ""
			if i > 0 && text != "" && text == labels[i-1] {
				t.Errorf("%v: %q stands twice", d, text)
			}
		}
		if empty || len(labels) != len(all) {
			t.Errorf("%v: labels %q", d, labels)
		}
	}
}

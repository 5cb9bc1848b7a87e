package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
)

// This file holds numbers and names as a person reads them.

// none stands where there is nothing to count.
const none = "–"

// trend returns a change of a number of calls: "+4 %", "×12".
func trend(r *Row) string {
	switch {
	case r.Trend == nil && r.Calls > 0:
		return "new"
	case r.Trend == nil:
		return none
	case *r.Trend >= 9:
		return fmt.Sprintf("×%.0f", *r.Trend+1)
	case math.Round(*r.Trend*100) == 0:
		return "0 %"
	}
	return fmt.Sprintf("%+.0f %%", *r.Trend*100)
}

// duration returns a number of seconds as a person reads it.
func duration(seconds float64) string {
	return view.Duration(time.Duration(math.Round(seconds * float64(time.Second))))
}

func durationOf(seconds *float64) string {
	if seconds == nil {
		return none
	}
	return duration(*seconds)
}

func sizeOf(bytes *int64) string {
	if bytes == nil {
		return none
	}
	return view.Size(*bytes)
}

// shown returns a name for a person: that of a tool with its server's, since servers have tools of the same name.
func (n *Name) shown() string {
	switch {
	case n.day != 0:
		return n.day.time(time.UTC).Format("Mon 2 Jan 2006")
	case n.Client != "":
		return view.Safe(n.Client)
	}
	text := strings.TrimSpace(view.Safe(n.Server) + " " + view.Safe(n.Target()))
	if text == "" {
		return none // a client that has not named itself
	}
	return text
}

// money returns an amount, as exact as an estimate can be: a small one with two digits that count.
func (c *Cost) money(amount float64) string {
	places := 2
	if amount > 0 && amount < 0.1 {
		places = 1 - int(math.Floor(math.Log10(amount)))
	}
	text := strconv.FormatFloat(amount, 'f', places, 64)
	return strings.TrimSpace(text + " " + c.Currency)
}

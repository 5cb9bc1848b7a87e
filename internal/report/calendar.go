package report

import (
	"fmt"
	"time"
)

// day is a date as a number, 20261126, so that days compare and sort.
type day int32

// String returns the date as in ISO 8601.
func (d day) String() string { return fmt.Sprintf("%04d-%02d-%02d", d/10000, d/100%100, d%100) }

func dayOf(t time.Time) day { return day(t.Year()*10000 + int(t.Month())*100 + t.Day()) }

// time returns the day's noon, which every time zone has.
func (d day) time(l *time.Location) time.Time {
	return time.Date(int(d/10000), time.Month(d/100%100), int(d%100), 12, 0, 0, 0, l)
}

// next returns the day after.
func (d day) next() day { return dayOf(d.time(time.UTC).AddDate(0, 0, 1)) }

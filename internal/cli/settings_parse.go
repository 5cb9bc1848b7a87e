package cli

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry"
	"github.com/spanpipe/spanpipe/telemetry/anomaly"
)

// anomalies parses a word, and for past the thresholds that are not the default ones.
func anomalies(to *telemetry.Anomalies) func(string) error {
	return func(v string) error {
		word, rest, more := strings.Cut(strings.ToLower(strings.ReplaceAll(v, " ", "")), ",")
		a := telemetry.Anomalies{Off: word == "off", Session: word == "session", Limits: anomaly.DefaultLimits()}
		if !a.Off && !a.Session && word != "past" || more && word != "past" {
			return errors.New("want off, session or past, after past with chance=, sessions= or rate=")
		}
		for limit := range strings.SplitSeq(rest, ",") {
			name, text, _ := strings.Cut(limit, "=")
			n, err := strconv.ParseFloat(text, 64)
			switch {
			case !more:
			case name == "chance" && err == nil && n > 0 && n < 1:
				a.Limits.Chance = n
			case name == "sessions" && err == nil && n >= 1 && n <= 500 && n == math.Trunc(n):
				a.Limits.Sessions = int(n)
			case name == "rate" && err == nil && n > 1 && n <= 1e6:
				a.Limits.Rate = n
			default:
				return errors.New("want chance= a share below 1, sessions= 1 to 500, rate= more than 1")
			}
		}
		*to = a
		return nil
	}
}

// price is what a user pays for a million input tokens. spanpipe ships no price list: models are not known on the wire, and prices
// change.
type price struct {
	amount   float64
	currency string
}

const (
	mostPrice    = 1e6
	mostCurrency = 8 // characters
)

func (p *price) parse(v string) error {
	if strings.EqualFold(v, "none") {
		*p = price{}
		return nil
	}
	number, currency, _ := strings.Cut(v, " ")
	amount, err := strconv.ParseFloat(number, 64)
	currency = strings.TrimSpace(currency)
	if err != nil || !(amount > 0 && amount <= mostPrice) || utf8.RuneCountInString(currency) > mostCurrency {
		return errors.New(`want a number, or a number and a currency, such as "2.50 EUR"`)
	}
	*p = price{amount, view.Safe(currency)}
	return nil
}

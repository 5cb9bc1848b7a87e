package cli_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/internal/cli"
)

// TestPrice: a price is a number, and a currency if one is given. What is wrong leaves no price behind.
func TestPrice(t *testing.T) {
	type result struct {
		perMillion float64
		currency   string
	}
	for _, test := range []struct {
		text string
		want result
		ok   bool
	}{
		{"3", result{3, ""}, true}, {"2.50 EUR", result{2.5, "EUR"}, true}, {"0.3 $", result{0.3, "$"}, true}, {"none", result{0, ""}, true},
		{"3  EUR ", result{3, "EUR"}, true},
		{"", result{0, ""}, false}, {"EUR", result{0, ""}, false}, {"EUR 3", result{0, ""}, false}, {"3EUR", result{0, ""}, false}, {"3,5 EUR", result{0, ""}, false},
		{"0", result{0, ""}, false}, {"-1", result{0, ""}, false}, {"NaN", result{0, ""}, false}, {"Inf", result{0, ""}, false}, {"1e7", result{0, ""}, false},
		{"3 dollars and cents", result{0, ""}, false},
	} {
		perMillion, currency, err := cli.ParsePrice(test.text)
		if got := (result{perMillion, currency}); (err == nil) != test.ok || got != test.want {
			t.Errorf("%q: %v, %v; want %v, %v", test.text, got, err, test.want, test.ok)
		}
	}
}

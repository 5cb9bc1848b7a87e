package cli //nolint:testpackage // prices are parsed within the package

import "testing"

// TestPrice: a price is a number, and a currency if one is given. What is wrong leaves no price behind.
func TestPrice(t *testing.T) {
	for _, test := range []struct {
		text string
		want price
		ok   bool
	}{
		{"3", price{3, ""}, true}, {"2.50 EUR", price{2.5, "EUR"}, true}, {"0.3 $", price{0.3, "$"}, true}, {"none", price{}, true},
		{"3  EUR ", price{3, "EUR"}, true},
		{"", price{}, false}, {"EUR", price{}, false}, {"EUR 3", price{}, false}, {"3EUR", price{}, false}, {"3,5 EUR", price{}, false},
		{"0", price{}, false}, {"-1", price{}, false}, {"NaN", price{}, false}, {"Inf", price{}, false}, {"1e7", price{}, false},
		{"3 dollars and cents", price{}, false},
	} {
		var got price
		if err := got.parse(test.text); (err == nil) != test.ok || got != test.want {
			t.Errorf("%q: %v, %v; want %v, %v", test.text, got, err, test.want, test.ok)
		}
	}
}

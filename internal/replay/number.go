package replay

import (
	"math/big"
	"strings"
)

// canonical returns a JSON number in a form that is the same for all spellings of one value, such as 1, 1.0 and 10e-1. It does
// not go through a float64, in which 9007199254740993 is another number.
func canonical(number string) string {
	digits, isNegative := strings.CutPrefix(number, "-")
	digits, exponent, _ := strings.Cut(strings.ToLower(digits), "e")
	whole, fraction, _ := strings.Cut(digits, ".")
	digits = strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return "0"
	}
	shift := new(big.Int)
	if exponent != "" {
		shift.SetString(strings.TrimPrefix(exponent, "+"), 10) // JSON has digits here, and not a limit
	}
	trimmed := strings.TrimRight(digits, "0")
	shift.Add(shift, big.NewInt(int64(len(digits)-len(trimmed)-len(fraction))))
	if isNegative {
		trimmed = "-" + trimmed
	}
	if shift.Sign() == 0 {
		return trimmed
	}
	return trimmed + "e" + shift.String()
}

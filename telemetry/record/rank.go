package record

// Rank returns the place among n sorted values, counted from 1, of the smallest one that so many of a hundred do not
// exceed: their percentile. It is 0 if there are no values.
func Rank(n, percent int) int { return min(max((n*percent+99)/100, 1), n) }

package backup

// Revert is revert.
func Revert(before, left, now []byte, meant func(from, to int) bool) []byte {
	return revert(before, left, now, meant)
}

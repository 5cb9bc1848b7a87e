//go:build !race

package wrap_test

// raced says whether the race detector is on, which uses memory of its own.
const raced = false

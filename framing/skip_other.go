//go:build !amd64 || purego

package framing

func skipNested(b []byte, i int, n *nesting) int { return skipNestedPlain(b, i, n) }

func skipString(b []byte, i int, escaped uint64) (int, uint64) { return skipStringPlain(b, i, escaped) }

//go:build !purego

package framing

var VectorsIn = vectorsIn

//go:build amd64 && !purego

package framing

var VectorsIn = vectorsIn

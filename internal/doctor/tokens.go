package doctor

import "github.com/spanpipe/spanpipe/framing/estimate"

// Tokens estimates what a text in JSON costs a model's context.
func Tokens(text []byte) int64 {
	var c estimate.Counter
	c.Write(text)
	return c.Tokens()
}

package estimate

// Counter counts the tokens of a text as it is written in JSON, without its quotes. The zero value is at the start of a text.
type Counter struct {
	at    step // the last one: it has the state
	units uint64
}

var steps = build(fitted)

// Write counts the bytes that follow.
func (c *Counter) Write(b []byte) {
	t, at, sum := steps, c.at, c.units
	for _, x := range b {
		at = t[(uint(at)+uint(classOf[x]))%(maxStates*classes)]
		sum += uint64(at >> 16)
	}
	c.at, c.units = at, sum
}

// Tokens returns how many tokens there were, rounded.
func (c *Counter) Tokens() int64 { return tokens(c.units) }

func tokens(units uint64) int64 { return int64((units + unit/2) / unit) }

package wrap

import "time"

// ObeyTime is obeyTime.
const ObeyTime = obeyTime

// EndOf returns what ended a session in which these things happened, one after the other.
func EndOf(happened []End, pause func(i int) time.Duration) End {
	var e ending
	for i, what := range happened {
		time.Sleep(pause(i))
		e.report(what)
	}
	return e.what()
}

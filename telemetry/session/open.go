package session

// Open calls f for the open operations, the one that has been open longest first, until f returns false.
func (t *Tracker) Open(f func(*Operation) bool) {
	for op := t.open.first; op != nil; op = op.next {
		if !f(op) {
			return
		}
	}
}

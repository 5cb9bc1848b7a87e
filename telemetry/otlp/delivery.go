package otlp

import (
	"net/http"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// delivery accounts for the spans or log records of a session. It accepts no more items than may wait and counts the rest
// as lost, and notes which items have left. So at the end of a session every item has been delivered, is lost, or is
// still inside. Metrics are not counted: after a failed export the next one has the same sums.
type delivery struct {
	signal      signal
	problems    *problems
	route       route  // where it goes, if it is sent
	refused     string // why it is not sent, unless the user has switched it off
	attempts    attempts
	unsupported atomic.Bool // the backend has no such signal; it is not sent any more

	mu           sync.Mutex
	limit        int64 // items that may be inside
	inside, lost int64
	delivered    int64
}

// newDelivery returns an account that accepts nothing until its limit is set.
func newDelivery(s signal, p *problems) *delivery { return &delivery{signal: s, problems: p} }

// enter reports whether there is room for an item, and counts it as lost if there is not.
func (d *delivery) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.inside >= d.limit {
		d.lost++
		return false
	}
	d.inside++
	return true
}

// leave notes that items have left the queue, and how many were lost there or elsewhere.
func (d *delivery) leave(items, lost int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside -= items
	d.lost += lost
	d.delivered += max(items-lost, 0)
}

// losses returns how many items are lost so far.
func (d *delivery) losses() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lost
}

// abandon counts as lost what is in the queue or being sent: nothing of it will be sent any more.
func (d *delivery) abandon() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lost += d.inside
	d.inside = 0
}

// send exports a batch of items. An error is accounted for here and goes no further: the SDK would report it again. A
// panic counts as a failure: it would end the process, and the session with it.
func (d *delivery) send(items int, export func() error) {
	lost := items // unless export returns
	defer func() {
		if r := recover(); r != nil {
			d.problems.broken(r)
		}
		d.leave(int64(items), int64(lost))
	}()
	var err error
	if !d.unsupported.Load() { // otherwise nothing is sent and nothing is lost: the user has been informed
		err = export()
	}
	// Many backends take only traces, such as Jaeger: that is not a failure, and not worth a warning in every session.
	if d.signal != traces && d.unimplemented(err) {
		if !d.unsupported.Swap(true) {
			d.problems.logger.Info(d.signal.String()+" are not sent: the backend does not support them",
				"endpoint", d.route.shown(), "hint", "set OTEL_"+string(d.signal)+"_EXPORTER=none, and spanpipe will not try")
		}
		err = nil
	}
	lost = lostItems(items, err)
	d.problems.report(d, err)
}

// unimplemented reports whether an export failed because the backend has no such service: gRPC's code, or HTTP's status.
func (d *delivery) unimplemented(err error) bool {
	last, _ := d.attempts.failure()
	return err != nil && (status.Code(last.err) == codes.Unimplemented || last.status == http.StatusNotFound)
}

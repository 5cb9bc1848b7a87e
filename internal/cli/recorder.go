package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/spanpipe/spanpipe/internal/recording"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/wrap"
)

// recorder is the recording of a session that runs, and its file. The methods that a launch calls accept a nil *recorder.
type recorder struct {
	*recording.Recorder
	app    *app
	path   string // empty: stdout
	file   *os.File
	result recording.Result // after launch.run
}

// tee is two taps in the place of one.
type tee [2]wrap.Tap

// Arriving implements wrap.Tap.
func (t tee) Arriving() { t[0].Arriving(); t[1].Arriving() }

// Forwarded implements wrap.Tap.
func (t tee) Forwarded(b []byte, read time.Time) { t[0].Forwarded(b, read); t[1].Forwarded(b, read) }

// Ended implements wrap.Tap.
func (t tee) Ended(at time.Time, whole bool) { t[0].Ended(at, whole); t[1].Ended(at, whole) }

// join adds the recording's taps to a server's.
func (r *recorder) join(server *wrap.Config) {
	if r == nil {
		return
	}
	add := func(to *wrap.Tap, from recording.Side) {
		if own := wrap.Tap(r.Tap(from)); *to == nil {
			*to = own
		} else {
			*to = tee{own, *to}
		}
	}
	add(&server.StdinTap, recording.Client)
	add(&server.StdoutTap, recording.Server)
	other := server.TapFailed
	server.TapFailed = func(recovered any) {
		r.Fail()
		if other != nil {
			other(recovered)
		}
	}
}

// runRecorded runs the server without telemetry.
func (l *launch) runRecorded() (wrap.Status, error) {
	l.recording.join(&l.server)
	server, err := wrap.Start(l.server)
	if err != nil {
		l.recording.discard()
		return wrap.Status{}, err
	}
	l.started()
	if l.patience > 0 {
		go l.end(server) // ends with the server's process
	}
	status := server.Wait()
	l.recording.close(server, status, l.flushTimeout)()
	return status, nil
}

// lastWrites is how long the recording may take to be written after the server has exited, or the timeout of the flush if that is
// longer.
const lastWrites = time.Second

// close ends the recording in the background, and returns what waits for that.
func (r *recorder) close(server *wrap.Server, status wrap.Status, timeout time.Duration) (wait func()) {
	if r == nil {
		return func() {}
	}
	r.Exited(time.Now(), recording.Exit{Code: status.Code, Signal: status.SignalName()})
	ctx, cancel := context.WithTimeout(context.Background(), max(timeout, lastWrites))
	go untilInterrupted(ctx, cancel, server)
	closed := begin(func() recording.Result { return r.Close(ctx) })
	return func() {
		defer cancel()
		r.result = closed()
	}
}

// report says what has become of the recording, and what is in it. It reports whether that is all of the session.
func (r *recorder) report(played string) (whole bool) {
	if r == nil {
		return true
	}
	result := r.result
	tell := func(level slog.Level, message string) {
		r.app.printer.tell(&r.app.options, r.app.named, level, message, "")
	}
	late := errors.Is(result.Err, context.DeadlineExceeded) || errors.Is(result.Err, context.Canceled)
	to, gone, err := cmp.Or(r.path, "stdout"), false, result.Err
	if r.path != "" && !late { // else the disk hangs, and whatever asks it something
		ours, _ := r.file.Stat()
		now, lost := os.Lstat(r.path)
		gone = lost != nil || ours != nil && !os.SameFile(ours, now)
		err = cmp.Or(err, r.file.Close())
	}
	lines := fmt.Sprintf("%s of the client and %s of the server", view.Plural(int(result.Lines[recording.Client]), "line"),
		view.Plural(int(result.Lines[recording.Server]), "line"))
	switch {
	case gone:
		tell(slog.LevelWarn, "the recording is lost: "+to+" was removed or replaced while it was written")
	case late:
		tell(slog.LevelWarn, fmt.Sprintf("the recording is incomplete: %s of the conversation could not be written to %s in time",
			view.Size(result.Missing), to))
	case err != nil:
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			err = path.Err // the message names the file already
		}
		tell(slog.LevelWarn, fmt.Sprintf("the recording is incomplete: %s of the conversation are missing from %s: %v",
			view.Size(result.Missing), to, err))
	case result.Missing > 0:
		tell(slog.LevelWarn, fmt.Sprintf("the recording is incomplete: %s of the conversation are missing from %s, which says where",
			view.Size(result.Missing), to))
	default:
		tell(slog.LevelInfo, "recorded "+cmp.Or(played, lines)+" to "+to)
		whole = true
	}
	return whole
}

// failed warns that no more can be written, while the session goes on.
func (r *recorder) failed(err error) {
	r.app.warn("the recording ends here: " + err.Error())
}

// discard removes the file of a session that has not begun.
func (r *recorder) discard() {
	if r != nil && r.path != "" {
		_, _ = r.file.Close(), os.Remove(r.path)
	}
}

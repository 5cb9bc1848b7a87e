package store

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/spanpipe/spanpipe/internal/lockfile"
	"github.com/spanpipe/spanpipe/telemetry/past"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

// The first and the longest pause after files could not be written.
const firstRetry, lastRetry = time.Second, time.Minute

// errGone is the error of a session whose directory was removed. It is not made again: the user wanted it gone.
var errGone = errors.New("its directory was removed")

// disk is the half of a Writer that waits for a disk.
type disk struct {
	cfg   Config
	batch *batch // to be written: empty, unless it could not be

	root  *os.Root // the session's directory; nil until it is open
	lock  *os.File
	files [fileCount]*os.File
	sizes [fileCount]int64 // of what was written whole
	torn  [fileCount]bool  // what follows that is to be cut off

	expiry  *time.Timer   // of the oldest content
	pause   time.Duration // after a failure, before the next attempt
	said    bool          // that files cannot be written
	limited bool          // the session has reached the limit of what is kept
	// hopeless is set once nothing more will be written.
	hopeless bool
}

// open makes the session's directory, unless it is open. One that could be made only in part is removed again. The context
// ends with the session.
func (d *disk) open(ctx context.Context) error {
	if d.root != nil {
		return nil
	}
	store, err := makeRoot(d.cfg.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	sessions, err := openOrMakeDir(store, sessionsName)
	if err != nil {
		return err
	}
	defer func() { _ = sessions.Close() }()
	name, root, err := makeSession(sessions, d.cfg.Meta.Launched)
	if err != nil {
		return err
	}
	lock, err := makeFile(root, lockName)
	if err == nil {
		// Where files cannot be locked, the session is stored all the same: its state is unknown to others.
		if lockErr := lockfile.Take(lock); errors.Is(lockErr, lockfile.ErrLocked) {
			err = &fs.PathError{Op: "lock", Path: lock.Name(), Err: lockErr}
			_ = lock.Close()
		}
	}
	if err != nil {
		_ = root.Close()
		_ = sessions.RemoveAll(name)
		return err
	}
	d.root, d.lock = root, lock
	if d.cfg.Keep != (Keep{}) {
		go d.retain(ctx) // ends with the context; what it is removing then it removes, unless the process ends
	}
	return nil
}

// makeSession makes the directory of a session. Its name begins with the time in UTC, so that names are in the order of time.
func makeSession(sessions *os.Root, launched time.Time) (name string, root *os.Root, err error) {
	for range 10 {
		var suffix [3]byte
		_, _ = rand.Read(suffix[:])
		name = written(launched).Format(nameTime) + fmt.Sprintf("-%x", suffix)
		if root, err = makeDir(sessions, name); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return name, root, err
}

// write writes the batch and empties it, as far as that is possible, and counts what it has written.
func (d *disk) write(stored *[fileCount]atomic.Int64) error {
	if d.batch.size() == 0 {
		return nil
	}
	if _, err := d.root.Lstat(lockName); errors.Is(err, fs.ErrNotExist) {
		return errGone
	}
	for file := range d.batch.parts {
		p := &d.batch.parts[file]
		if len(p.text) == 0 {
			continue
		}
		if err := d.append(file, p.text); err != nil {
			return err
		}
		stored[file].Add(p.items)
		p.text, p.line, p.items = p.text[:0], 0, 0
	}
	d.batch.reset()
	return nil
}

// append writes to the end of a file. What is written only in part, because the disk is full, is cut off again: the next
// attempt writes the same bytes, and a reader in between sees a last line that is torn.
func (d *disk) append(file int, text []byte) error {
	f := d.files[file]
	if f == nil {
		var err error
		if f, err = makeFile(d.root, fileNames[file]); err != nil {
			return err
		}
		d.files[file] = f
	}
	if d.torn[file] {
		if err := f.Truncate(d.sizes[file]); err != nil {
			return err
		}
		d.torn[file] = false
	}
	if _, err := f.WriteAt(text, d.sizes[file]); err != nil {
		d.torn[file] = f.Truncate(d.sizes[file]) != nil
		return err
	}
	if file == contentFile && d.sizes[file] == 0 && d.cfg.Keep.Content > 0 {
		d.planExpiry(time.Now())
	}
	d.sizes[file] += int64(len(text))
	return nil
}

// writeMeta replaces session.json.
func (d *disk) writeMeta(m *Meta) error {
	if _, err := d.root.Lstat(lockName); errors.Is(err, fs.ErrNotExist) {
		return errGone
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return replace(d.root, metaName, append(text, '\n'), false)
}

// succeeded notes that everything could be written.
func (d *disk) succeeded() {
	if d.pause > 0 {
		d.pause = 0
		d.cfg.Logger.Info("this session is stored again")
	}
}

// failed notes that something could not be written. It returns when to try again, and 0 for never.
func (d *disk) failed(err error) time.Duration {
	switch {
	case errors.Is(err, errGone):
		d.hopeless = true
		d.cfg.Logger.Warn("the rest of this session is not stored", "error", err.Error())
		return 0
	case d.root == nil && isHopeless(err):
		d.hopeless = true
		d.cfg.Logger.Warn("this session is not stored", "error", err.Error(), "hint", hint(err))
		return 0
	case !d.said:
		d.said = true
		d.cfg.Logger.Warn("this session cannot be stored now; trying again", "error", err.Error())
	}
	d.pause = min(max(2*d.pause, firstRetry), lastRetry)
	return d.pause
}

// reportPanic reports a panic, unless the logger is what has panicked and does so again. Other panics than the runtime's are
// reported by their type alone: their text may quote what a peer has sent.
func (d *disk) reportPanic(message string, recovered any) {
	defer func() { _ = recover() }()
	text := fmt.Sprintf("%T", recovered)
	if err, ok := recovered.(runtime.Error); ok {
		text = err.Error()
	}
	d.cfg.Logger.Warn(message, "panic", text, "hint", "please report it at https://github.com/spanpipe/spanpipe/issues")
}

// hint returns what to do about a directory that cannot be used.
func hint(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "the directory must belong to you, which it may not after sudo; SPANPIPE_DIR names another"
	}
	return "SPANPIPE_DIR names another directory"
}

// full reports whether the session has as much detail as is kept of all sessions. It would grow without end otherwise:
// retention does not touch a live session.
func (d *disk) full() bool {
	limit, size := d.cfg.Keep.Size, int64(0)
	for file, n := range d.sizes {
		if file != digestFile {
			size += n
		}
	}
	if limit <= 0 || size <= limit {
		return false
	}
	if !d.limited {
		d.limited = true
		d.cfg.Logger.Warn("this session is stored without details from now on: it has reached the limit of what is kept",
			"bytes", limit, "hint", "SPANPIPE_KEEP sets the limit")
	}
	return true
}

// expire removes the content that has been kept long enough, and plans the next time. An expiry that fails is tried again.
func (d *disk) expire() {
	if oldest, err := d.dropContent(time.Now()); err != nil || !oldest.IsZero() {
		d.planExpiry(oldest)
	}
}

// planExpiry plans when to look at the content, the oldest of which was written at a time. It may be removed late by a part of
// the time that it is kept, and is looked at as often: a timer stands still while the machine sleeps, and clocks are set.
func (d *disk) planExpiry(oldest time.Time) {
	const share = 24
	often := d.cfg.Keep.Content / share
	d.expiry.Reset(max(often, min(time.Until(oldest.Add(d.cfg.Keep.Content)), time.Minute)))
}

// contentTemporary is the file that takes the place of content.jsonl. A kill may leave it: it expires likewise.
const contentTemporary = "content.jsonl.tmp"

// dropContent removes the lines of content that have expired. It returns the time of the oldest that is left, if there is one.
func (d *disk) dropContent(now time.Time) (oldest time.Time, err error) {
	file := d.files[contentFile]
	if file == nil {
		return oldest, nil
	}
	start := make([]byte, len(contentStart)+24)
	n, _ := file.ReadAt(start, 0) // that of the first line; the others are hardly older
	if at, ok := contentTime(start[:n]); ok && !d.cfg.Keep.expired(at, now) {
		return at, nil
	}
	_ = d.root.Remove(contentTemporary)
	kept, err := makeFile(d.root, contentTemporary)
	if err != nil {
		return oldest, err
	}
	to, size := bufio.NewWriter(kept), int64(0)
	for from := bufio.NewReader(io.NewSectionReader(file, 0, d.sizes[contentFile])); err == nil; {
		var line []byte
		line, err = from.ReadBytes('\n')
		if at, ok := contentTime(line); err == nil && ok && !d.cfg.Keep.expired(at, now) {
			if oldest.IsZero() {
				oldest = at
			}
			size += int64(len(line))
			_, err = to.Write(line)
		}
	}
	if errors.Is(err, io.EOF) {
		err = to.Flush()
	}
	if err == nil && size > 0 {
		err = rename(d.root, contentTemporary, fileNames[contentFile])
	} else if err == nil {
		err = d.root.Remove(fileNames[contentFile])
	}
	if err != nil || size == 0 {
		_ = kept.Close()
		_ = d.root.Remove(contentTemporary)
		kept = nil
	}
	if err != nil {
		return oldest, err
	}
	_ = file.Close()
	d.files[contentFile], d.sizes[contentFile], d.torn[contentFile] = kept, size, false
	return oldest, nil
}

// failedLast notes that something could not be written at the end, when there is no other attempt.
func (d *disk) failedLast(err error) {
	if d.said || d.root == nil && isHopeless(err) || errors.Is(err, errGone) {
		d.failed(err)
		return
	}
	d.said = true
	d.cfg.Logger.Warn("this session is not stored whole", "error", err.Error())
}

// finish writes how the session ended, makes all of it durable and unlocks it.
func (d *disk) finish(m *Meta) {
	if d.root == nil {
		return
	}
	if !d.hopeless {
		if err := d.writeMeta(m); err != nil {
			d.failedLast(err)
		}
		if f, err := openFile(d.root, metaName, os.O_RDWR); err == nil {
			_ = f.Sync() // what a disk cannot keep now it has already accepted
			_ = f.Close()
		}
	}
	for _, f := range d.files {
		if f != nil {
			_ = f.Sync()
			_ = f.Close()
		}
	}
	_ = d.lock.Close()
	_ = d.root.Close()
}

// remember adds the session to what is remembered of its server, if it is stored. The process may end before that is done:
// then the retention adds it.
func (d *disk) remember(m *Meta, findings []record.Finding) {
	if !d.cfg.Past || d.root == nil || d.hopeless || m.Exit == nil {
		return
	}
	s := &Store{Dir: d.cfg.Dir}
	one := s.session(filepath.Base(d.root.Name()))
	one.Meta, one.State = *m, Ended
	ctx := context.Background() // Close does not wait for longer than it may
	err := s.changePast(ctx, m.Service, func(p *past.Past) bool { return s.learn(ctx, p, one, findings) })
	if err != nil && !d.said {
		d.said = true
		d.cfg.Logger.Debug("this session is not remembered yet", "error", err.Error())
	}
}

package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/lockfile"
)

// Part is how much of a session is removed.
type Part string

// The parts.
const (
	ContentPart Part = "content" // what was captured
	DetailPart  Part = "detail"  // all but its digest and session.json
	WholePart   Part = "session" // its directory
)

// Plan is what to prune.
type Plan struct {
	// Keep is the retention. It never touches a live session, one that may be, or one of a later version of spanpipe.
	Keep Keep
	// Whole chooses sessions to remove whole, instead of the retention. May be nil.
	Whole func(Pruned) bool
	// KeepDigests keeps the digests, however old they are.
	KeepDigests bool
	DryRun      bool // only report what would be removed
	Now         time.Time
}

// Pruned is a session that was removed in part or whole, or was to be.
type Pruned struct {
	Name    string
	Server  string
	Started time.Time
	Ended   time.Time // or when its files were last written
	Part    Part      // empty if nothing was removed
	Size    int64     // bytes of that part, else of all files
	Left    string    // why nothing was removed
}

// Report is what pruning has done.
type Report struct {
	Removed []Pruned
	Left    []Pruned // sessions that were chosen, and left
	Freed   int64    // bytes
	Stored  int64    // bytes that are left in all sessions
	Count   int      // sessions that are left, digests included
}

// ErrPruning is the error of Prune while another process prunes.
var ErrPruning = errors.New("another process is removing sessions from this store")

// Reasons to leave a session.
const (
	leftLive    = "live"
	leftUnknown = "may be live: files cannot be locked"
)

// Prune removes what the plan chooses, the oldest first, until the context is done. It runs under a lock, so that of several
// processes one does. What cannot be removed is reported and left to the next time.
func (s *Store) Prune(ctx context.Context, plan Plan) (*Report, error) {
	r := &Report{}
	root, err := os.OpenRoot(s.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	} else if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	if !plan.DryRun {
		lock, err := openOrMakeFile(root, pruneLockName)
		if err != nil {
			return nil, err
		}
		defer func() { _ = lock.Close() }()
		if err := lockfile.Try(lock); errors.Is(err, lockfile.ErrLocked) { // without locks, both remove the same
			return nil, ErrPruning
		}
	}
	sessions, err := openDir(root, sessionsName)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	} else if err != nil {
		return nil, err
	}
	defer func() { _ = sessions.Close() }()
	all, err := candidates(ctx, sessions, plan.Now)
	if err != nil {
		return nil, err
	}
	if plan.Whole != nil {
		chooseWhole(all, plan)
	} else {
		choose(all, plan)
	}
	for i := range all {
		r.take(ctx, sessions, &all[i], plan.DryRun)
	}
	if !plan.DryRun {
		s.prunePast(ctx, all, plan.Whole != nil)
		s.pruneTexts(ctx, all, plan)
	}
	return r, nil
}

// take removes what was chosen of a session, and counts it.
func (r *Report) take(ctx context.Context, sessions *os.Root, c *candidate, dryRun bool) {
	size := c.size()
	p := Pruned{
		Name: c.name, Server: c.meta.ServerName(), Started: c.started(), Ended: c.ended(), Part: c.part, Left: c.left, Size: size,
	}
	if c.part != "" && ctx.Err() == nil {
		if p.Size = c.sizes[ContentPart]; c.part != ContentPart {
			p.Size += c.sizes[DetailPart]
		}
		if c.part == WholePart {
			p.Size = size
		}
		var err error
		if !dryRun {
			err = c.remove(sessions)
		}
		if err == nil {
			c.removed = c.part == WholePart
			r.Removed, r.Freed, size = append(r.Removed, p), r.Freed+p.Size, size-p.Size
		} else {
			p.Part, p.Left = "", err.Error()
		}
	}
	if p.Left != "" {
		r.Left = append(r.Left, p)
	}
	if p.Part != WholePart {
		r.Stored += size
		r.Count++
	}
}

// candidate is a session that may be pruned.
type candidate struct {
	name     string
	meta     Meta
	state    State
	modified time.Time // when its files were last written
	captured time.Time // likewise captured content
	sizes    map[Part]int64
	part     Part   // chosen
	left     string // why it was left, if it was chosen
	removed  bool   // whole
}

func (c *candidate) size() int64 {
	return c.sizes[ContentPart] + c.sizes[DetailPart] + c.sizes[WholePart]
}

func (c *candidate) started() time.Time {
	if !c.meta.Launched.IsZero() {
		return c.meta.Launched
	}
	t, _ := time.Parse(nameTime, strings.SplitN(c.name, "-", 2)[0]) // candidates checks the name
	return t
}

func (c *candidate) ended() time.Time {
	if !c.meta.Ended.IsZero() {
		return c.meta.Ended
	}
	return c.modified
}

// candidates reads what there is, the oldest first. Directories that are none of ours are left out.
func candidates(ctx context.Context, sessions *os.Root, now time.Time) ([]candidate, error) {
	entries, err := fs.ReadDir(sessions.FS(), ".")
	if err != nil {
		return nil, err
	}
	var all []candidate
	for _, e := range entries {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if e.IsDir() && sessionName.MatchString(e.Name()) {
			all = append(all, readCandidate(sessions, e.Name(), now))
		}
	}
	return all, nil
}

// readCandidate reads what there is of a session.
func readCandidate(sessions *os.Root, name string, now time.Time) candidate {
	c := candidate{name: name, state: Unknown, sizes: map[Part]int64{}}
	root, err := openDir(sessions, name)
	if err != nil {
		c.left = err.Error()
		return c
	}
	defer func() { _ = root.Close() }()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		c.left = within(root, err).Error()
		return c
	}
	if info, err := root.Stat("."); err == nil {
		c.modified = info.ModTime()
	}
	for _, e := range entries {
		info, err := root.Lstat(e.Name())
		if err != nil {
			continue // removed in between
		}
		c.sizes[partOf(e.Name())] += info.Size()
		if partOf(e.Name()) == ContentPart && info.ModTime().After(c.captured) {
			c.captured = info.ModTime()
		}
		if info.ModTime().After(c.modified) {
			c.modified = info.ModTime()
		}
	}
	metaErr := c.readMeta(root)
	switch lock := lockfile.Look(filepath.Join(root.Name(), lockName)); {
	case lock == lockfile.Held, metaErr != nil && now.Sub(c.modified) < time.Minute: // it may be starting
		c.state = Live
	case c.meta.Exit != nil:
		c.state = Ended
	case lock == lockfile.Free:
		c.state = Killed
	}
	return c
}

func (c *candidate) readMeta(root *os.Root) error {
	text, err := readFile(root, metaName, maxMeta)
	if err != nil {
		return err
	}
	return c.meta.unmarshal(text)
}

// partOf returns with which part a file of a session goes.
func partOf(name string) Part {
	switch name {
	case metaName, fileNames[digestFile]:
		return WholePart
	case fileNames[contentFile], contentTemporary:
		return ContentPart
	}
	return DetailPart
}

// chooseWhole chooses sessions to be removed whole.
func chooseWhole(all []candidate, plan Plan) {
	for i := range all {
		c := &all[i]
		if !plan.Whole(Pruned{Name: c.name, Server: c.meta.ServerName(), Started: c.started(), Ended: c.ended()}) {
			c.left = ""
			continue
		}
		switch {
		case c.left != "": // it cannot be read
		case c.state == Live:
			c.left = leftLive
		case c.state == Unknown && c.isYoung(plan.Now):
			c.left = leftUnknown
		default:
			c.part = WholePart
		}
	}
}

// isYoung reports whether a session's files were written to less than a day ago.
func (c *candidate) isYoung(now time.Time) bool { return now.Sub(c.modified) < day }

// choose chooses by the retention: content by its age, then detail by its age and by the size of all of it, then digests.
func choose(all []candidate, plan Plan) {
	var size int64 // of all detail that is left
	for i := range all {
		c := &all[i]
		c.chooseByAge(plan)
		if c.part == "" || c.part == ContentPart {
			size += c.sizes[DetailPart]
		}
		if c.part == "" {
			size += c.sizes[ContentPart]
		}
	}
	for i := range all {
		c := &all[i]
		if plan.Keep.Size <= 0 || size <= plan.Keep.Size {
			return
		}
		if detail := c.sizes[DetailPart]; c.mayExpire(plan.Now) && detail > 0 && c.part != DetailPart && c.part != WholePart {
			size -= detail
			if c.part == "" {
				size -= c.sizes[ContentPart]
			}
			c.part = DetailPart
		}
	}
}

// mayExpire reports whether the retention may remove detail. A session that has not said how it ended may live where its
// lock is not seen, such as in a virtual machine: it has a day's grace.
func (c *candidate) mayExpire(now time.Time) bool {
	return c.left == "" && !c.meta.Later() && c.state != Live && (c.state == Ended || !c.isYoung(now))
}

func (c *candidate) chooseByAge(plan Plan) {
	keep, now := plan.Keep, plan.Now
	age := now.Sub(c.ended())
	dead := c.state == Ended || c.state == Killed
	if c.left == "" && !c.meta.Later() && (dead || c.mayExpire(now)) && !c.captured.IsZero() &&
		keep.expired(c.captured, now) {
		c.part = ContentPart
	}
	if !c.mayExpire(now) {
		return
	}
	if keep.Age > 0 && age > keep.Age && c.sizes[DetailPart]+c.sizes[ContentPart] > 0 {
		c.part = DetailPart
	}
	if age > DigestAge && !plan.KeepDigests && (c.part == DetailPart || c.sizes[DetailPart]+c.sizes[ContentPart] == 0) {
		c.part = WholePart
	}
}

// remove removes the chosen part. session.json goes last, so that a session that is removed only in part is still one.
func (c *candidate) remove(sessions *os.Root) error {
	root, err := openDir(sessions, c.name)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return within(root, err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.SortFunc(names, func(a, b string) int { return removalOrder(a) - removalOrder(b) })
	for _, name := range names {
		part := partOf(name)
		if c.part == ContentPart && part != ContentPart || c.part == DetailPart && part == WholePart {
			continue
		}
		if err := root.RemoveAll(name); err != nil {
			return within(root, err)
		}
	}
	if c.part == WholePart {
		return within(sessions, sessions.Remove(c.name))
	}
	return nil
}

func removalOrder(name string) int {
	if name == metaName {
		return 1
	}
	return 0
}

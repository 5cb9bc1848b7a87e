package push

import (
	"bufio"
	"errors"
	"io"
	"io/fs"

	"google.golang.org/protobuf/proto"

	"github.com/spanpipe/spanpipe/internal/store"
)

// position is a place in a file of lines: behind the first items of the line that begins at an offset.
type position struct {
	Offset int64 `json:"offset"`
	Items  int   `json:"items,omitempty"`
}

// reader reads the items of a file, from a position on. A last line without an end is still being written, or torn: it
// ends before that.
type reader struct {
	parse   func(line []byte) (proto.Message, error)
	file    io.Closer // nil if there is no such file
	lines   *bufio.Reader
	keep    func(*item) bool
	at      position // behind what next has returned, or left out
	line    []item   // what is left of the line at the position
	begins  int64    // where that line begins
	ends    int64    // and the next one
	damaged int      // lines that could not be parsed
}

// newReader opens a file of a session's directory. A file in which no line begins at the position is another one, and read
// from its beginning: content.jsonl is replaced when some of it expires.
func newReader(
	dir *store.Files, name string, parse func([]byte) (proto.Message, error), at position, keep func(*item) bool,
) (*reader, error) {
	r := &reader{parse: parse, keep: keep, at: at}
	file, err := dir.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	} else if err != nil {
		return nil, err
	}
	var before [1]byte
	if _, err := file.ReadAt(before[:], at.Offset-1); at.Offset != 0 && (err != nil || before[0] != '\n') || at.Items < 0 {
		r.at = position{}
	}
	if _, err = file.Seek(r.at.Offset, io.SeekStart); err != nil {
		_ = file.Close()
		return nil, err
	}
	r.file, r.lines, r.ends = file, bufio.NewReaderSize(file, 1<<16), r.at.Offset
	return r, nil
}

func (r *reader) close() {
	if r.file != nil {
		_ = r.file.Close() // it was only read
	}
}

// next returns the next item. The error is io.EOF at the end.
func (r *reader) next() (item, error) {
	for {
		if len(r.line) == 0 {
			if err := r.readLine(); err != nil {
				return item{}, err
			}
			continue
		}
		one := r.line[0]
		r.line = r.line[1:]
		r.at = one.after
		if r.keep(&one) {
			return one, nil
		}
	}
}

// readLine parses the line that begins where the last one ends.
func (r *reader) readLine() error {
	if r.file == nil {
		return io.EOF
	}
	text, size, err := store.ReadLine(r.lines)
	if err != nil {
		return err
	}
	r.begins, r.ends = r.ends, r.ends+size
	skip := 0
	if r.at.Offset == r.begins {
		skip = r.at.Items
	}
	r.at = position{Offset: r.ends}
	request, err := r.parse(text)
	if err != nil {
		r.damaged++
		return nil //nolint:nilerr // counted, and left out
	}
	all := split(request)
	for i := range all {
		all[i].after = position{Offset: r.begins, Items: i + 1}
	}
	if len(all) > 0 {
		all[len(all)-1].after = position{Offset: r.ends}
	}
	if skip < len(all) {
		r.line = all[skip:]
		r.at = position{Offset: r.begins, Items: skip}
	}
	return nil
}

// all returns the items of a file that are kept.
func all(dir *store.Files, name string, parse func([]byte) (proto.Message, error), keep func(*item) bool) ([]item, error) {
	r, err := newReader(dir, name, parse, position{}, keep)
	if err != nil {
		return nil, err
	}
	defer r.close()
	var items []item
	for {
		one, err := r.next()
		if errors.Is(err, io.EOF) {
			return items, nil
		} else if err != nil {
			return nil, err
		}
		items = append(items, one)
	}
}

package store

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/spanpipe/spanpipe/telemetry/otlpfile"
)

// Files is the directory of a stored session, for packages that read its files or keep one of their own in it. It neither
// follows links nor waits for named pipes: a store may have been copied from anywhere.
type Files struct {
	root   *os.Root
	keep   Keep
	origin *otlpfile.Origin // see CapturedLogs
}

// Files opens the session's directory.
func (s *Session) Files() (*Files, error) {
	root, err := os.OpenRoot(s.Dir)
	if err != nil {
		return nil, err
	}
	return &Files{root: root, keep: s.keep}, nil
}

// Close closes the directory.
func (f *Files) Close() error { return f.root.Close() }

// Open opens a file for reading. The error is fs.ErrNotExist if there is none.
func (f *Files) Open(name string) (*os.File, error) { return openFile(f.root, name, os.O_RDONLY) }

// Read reads a small file. What it has beyond a number of bytes is damage, and left out.
func (f *Files) Read(name string, most int64) ([]byte, error) { return readFile(f.root, name, most) }

// Lines calls f with each whole line of a file, with its end, until f returns an error. A line is valid until f returns. A
// file that does not exist has none.
func (f *Files) Lines(name string, each func(line []byte) error) error {
	file, err := f.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	_, err = readLines(file, each)
	return err
}

// errEnough is returned by a function that wants no more lines.
var errEnough = errors.New("enough")

// readLines calls each with each whole line until it returns an error. It returns how many bytes these lines were, and the
// error, unless that is errEnough.
func readLines(r io.Reader, each func(line []byte) error) (read int64, err error) {
	in := bufio.NewReaderSize(r, 1<<16)
	for {
		line, size, err := ReadLine(in)
		if errors.Is(err, io.EOF) {
			return read, nil
		} else if err != nil {
			return read, err
		}
		read += size
		if err := each(line); errors.Is(err, errEnough) {
			return read, nil
		} else if err != nil {
			return read, err
		}
	}
}

// ReadLine reads a line with its end, and returns how many bytes it has. A last line without an end is torn or still being
// written: the error is io.EOF then. A line that is longer than those of sessions is returned as an empty one, which nothing
// can be read from either: so it counts as damaged, and what follows is read.
func ReadLine(r *bufio.Reader) (line []byte, size int64, err error) {
	line, err = r.ReadSlice('\n')
	size = int64(len(line))
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, size, err
	}
	long := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = r.ReadSlice('\n')
		if size += int64(len(line)); size <= maxLine {
			long = append(long, line...)
		} else {
			long = []byte("\n")
		}
	}
	return long, size, err
}

// OpenOrMake opens a file to lock it, not to write to it: it may be a hard link to another one.
func (f *Files) OpenOrMake(name string) (*os.File, error) { return openOrMakeFile(f.root, name) }

// Replace writes a file that never exists in part, also after a crash of the machine.
func (f *Files) Replace(name string, text []byte) error { return replace(f.root, name, text, true) }

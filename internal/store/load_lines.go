package store

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// maxLine bounds a line. A longer one is damage: the writer flushes far less at a time.
const maxLine = 32 << 20

// openFile opens a file of the session. It returns nil if there is none. A symbolic link is not followed.
func (s *Session) openFile(name string) (*os.File, error) {
	dir, err := s.Files()
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	file, err := dir.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return file, err
}

// lines calls each with each whole line of a file, as Files.Lines does. A session that was removed has none.
func (s *Session) lines(name string, each func(line []byte) error) error {
	dir, err := s.Files()
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return dir.Lines(name, each)
}

// lastLines calls each with the whole lines among the last bytes of a file, and reports whether these are all it has.
func (s *Session) lastLines(name string, last int64, each func(line []byte) error) (all bool, err error) {
	file, err := s.openFile(name)
	if file == nil || err != nil {
		return true, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return true, err
	}
	start := max(info.Size()-last, 0)
	in := io.NewSectionReader(file, start, info.Size()-start)
	if start > 0 { // the first line is a whole one only if it begins here
		if err := skipLine(in, file, start); err != nil {
			return false, err
		}
	}
	_, err = readLines(in, each)
	return start == 0, err
}

// skipLine moves to the first line that begins at the given place of a file or after it.
func skipLine(in *io.SectionReader, file io.ReaderAt, start int64) error {
	buffer := make([]byte, 1<<16)
	if _, err := file.ReadAt(buffer[:1], start-1); err != nil || buffer[0] == '\n' {
		return err
	}
	for at := int64(0); ; {
		n, err := in.ReadAt(buffer, at)
		if i := bytes.IndexByte(buffer[:n], '\n'); i >= 0 {
			_, err := in.Seek(at+int64(i)+1, io.SeekStart)
			return err
		}
		at += int64(n)
		if err != nil { // the file ends within this line
			_, err := in.Seek(0, io.SeekEnd)
			return err
		}
	}
}

package backup

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// manifestName is the file that says which backup is whose. A person can read it, too.
const manifestName = "manifest.json"

// manifestVersion is that of the manifest's shape.
const manifestVersion = 1

// manifest is what manifest.json holds.
type manifest struct {
	Version int     `json:"version"`
	Files   []entry `json:"files"`

	whole bool // all texts beside it are its own: it was there, or there were none
}

// entry is a file that install has changed. Before and Left name files beside the manifest, which end in the SHA-256 of what
// they hold, so that an entry never speaks of another text than the one that it was written for.
type entry struct {
	Path    string    `json:"path"`
	Client  string    `json:"client"`
	Scope   string    `json:"scope"`
	Project string    `json:"project,omitempty"`
	Mode    string    `json:"mode"`
	Before  string    `json:"before"` // what the file would be without spanpipe
	Left    string    `json:"left"`   // what spanpipe has left there
	Servers []string  `json:"servers"`
	Written time.Time `json:"written"`
}

// readManifest reads the manifest. Without one there are no entries.
func readManifest(root *os.Root) (manifest, error) {
	text, err := root.ReadFile(manifestName)
	if errors.Is(err, fs.ErrNotExist) {
		entries, err := fs.ReadDir(root.FS(), ".")
		isText := func(e fs.DirEntry) bool { return textName.MatchString(e.Name()) }
		return manifest{Version: manifestVersion, whole: !slices.ContainsFunc(entries, isText)}, err
	} else if err != nil {
		return manifest{}, err
	}
	var shape struct{ Version int }
	if json.Unmarshal(text, &shape) == nil && shape.Version > manifestVersion {
		return manifest{}, &DamagedError{filepath.Join(root.Name(), manifestName), ErrLater}
	}
	m := manifest{whole: true}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, &DamagedError{filepath.Join(root.Name(), manifestName), err}
	}
	if m.Version != manifestVersion {
		return m, &DamagedError{filepath.Join(root.Name(), manifestName), fmt.Errorf("version %d is not known", m.Version)}
	}
	for _, e := range m.Files {
		if !textName.MatchString(e.Before) || !textName.MatchString(e.Left) {
			return m, &DamagedError{filepath.Join(root.Name(), manifestName), errors.New("it names a file that spanpipe has not saved")}
		}
	}
	return m, nil
}

// ErrLater is the cause of the DamagedError of a manifest that a later version of spanpipe has written.
var ErrLater = errors.New("it was written by a later version of spanpipe")

// DamagedError is the error of a manifest or a backup that is not what was written there, or that a later version has written.
type DamagedError struct {
	Path string
	Err  error
}

// Error implements error.
func (e *DamagedError) Error() string { return e.Path + " cannot be used: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Err }

// find returns the entry of a file, or nil.
func (m *manifest) find(path string) *entry {
	if i := slices.IndexFunc(m.Files, func(e entry) bool { return e.Path == path }); i >= 0 {
		return &m.Files[i]
	}
	return nil
}

// with returns a manifest with the entry of a file, in place of the one that it had. Without an entry it has none.
func (m *manifest) with(path string, e *entry) manifest {
	files := slices.DeleteFunc(slices.Clone(m.Files), func(e entry) bool { return e.Path == path })
	if e != nil {
		files = append(files, *e)
	}
	return manifest{manifestVersion, files, m.whole}
}

// write writes the manifest.
func (m *manifest) write(root *os.Root) error {
	if len(m.Files) == 0 {
		if err := remove(root, manifestName); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return put(root, manifestName, append(text, '\n'))
}

var (
	// textName matches the names of texts.
	textName = regexp.MustCompile(`^[a-z0-9-]+-[0-9a-f]{64}$`)
	// leftover matches the names of what a process that was killed has left of a text or of the manifest.
	leftover = regexp.MustCompile(`^([a-z0-9-]+-[0-9a-f]{64}|manifest\.json)\.[A-Z2-7]+\.tmp$`)
)

// removeOthers removes the texts that the manifest does not name. Those that were there without one stay: they may be all that is
// left of what files were.
func (m *manifest) removeOthers(root *os.Root) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil || !m.whole {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		named := slices.ContainsFunc(m.Files, func(e entry) bool { return e.Before == name || e.Left == name })
		if leftover.MatchString(name) || textName.MatchString(name) && !named {
			err = errors.Join(err, remove(root, name))
		}
	}
	return err
}

// remove removes a file of the directory: by its path, since wine has not what os.Root removes with.
func remove(root *os.Root, name string) error { return os.Remove(filepath.Join(root.Name(), name)) }

// keep writes a text of a client's file and returns its name.
func keep(root *os.Root, client string, text []byte) (name string, err error) {
	name = client + "-" + sum(text)
	if now, err := root.ReadFile(name); err == nil && string(now) == string(text) {
		return name, nil
	}
	return name, put(root, name, text)
}

// kept reads a text by its name.
func kept(root *os.Root, name string) ([]byte, error) {
	text, err := root.ReadFile(name)
	if err != nil {
		return nil, &DamagedError{filepath.Join(root.Name(), name), err}
	}
	if !strings.HasSuffix(name, "-"+sum(text)) {
		return nil, &DamagedError{filepath.Join(root.Name(), name), errors.New("the text is not the one that was saved")}
	}
	return text, nil
}

func sum(text []byte) string {
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:])
}

// put writes a file of the directory, which never exists in part, not even after a crash of the machine.
func put(root *os.Root, name string, text []byte) error {
	temporary := name + "." + rand.Text() + ".tmp"
	f, err := root.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = rename(filepath.Join(root.Name(), temporary), filepath.Join(root.Name(), name))
	}
	if err != nil {
		_ = remove(root, temporary)
	}
	return err
}

package admin

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/lockfile"
)

// This file lists a server's address where a Prometheus finds it: in a file of its file discovery
// (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config). A port that was chosen
// because another was taken is known to no other process.
//
// For each server there are two files in the directory: NAME.json, which Prometheus reads, and NAME.lock, which its
// process keeps locked for life. The lock is the only proof that the process lives: ids of processes and ports are used
// again. It exists before NAME.json does.

// target is the entry of a server in the directory.
type target struct {
	path string   // of NAME.json
	lock *os.File // NAME.lock
	made []string // the directories that had to be made, the innermost first
}

// group is one element of the list that a file of Prometheus' file discovery holds.
type group struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels,omitempty"`
}

// young is the age up to which files without their counterpart may belong to a process that is just starting.
const young = time.Minute

// ours matches the names of the files that processes like this one have written. Others in the directory are the user's.
var ours = regexp.MustCompile(`^(spanpipe-[0-9a-zA-Z-]+)(\.json|\.lock|\.json\.tmp)$`)

// Announce lists the server's address in a directory, until Close, with labels for what is scraped there. The id makes
// the file's name and must be unique. It also removes what killed processes have left behind. A unix socket, which
// Prometheus cannot scrape, is not listed. The error names the path.
func (s *Server) Announce(dir, id string, labels map[string]string) error {
	address, ok := s.scrapeAddress()
	if !ok {
		return nil
	}
	var err error
	if s.target, err = newTarget(dir, "spanpipe-"+id); err != nil {
		return err
	}
	removeDead(dir)
	text, err := json.Marshal([]group{{[]string{address}, labels}})
	// Where files cannot be locked, no other process can find this one unlocked either.
	if lockErr := lockfile.Try(s.target.lock); err == nil && errors.Is(lockErr, lockfile.ErrLocked) {
		err = lockErr
	}
	if err == nil {
		err = writeWhole(s.target.path, append(text, '\n'))
	}
	if err != nil {
		s.withdraw()
	}
	return err
}

// newTarget makes the directory and the file to lock. A session that ends at the same time may remove the directory in
// between.
func newTarget(dir, name string) (*target, error) {
	for try := 1; ; try++ {
		made, err := makeDirs(dir)
		if err != nil {
			return nil, err
		}
		lock, err := os.OpenFile(filepath.Join(dir, name+".lock"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err == nil {
			return &target{filepath.Join(dir, name+".json"), lock, made}, nil
		}
		removeDirs(made)
		if !errors.Is(err, os.ErrNotExist) || try == 3 {
			return nil, err
		}
	}
}

// makeDirs makes a directory, and returns those of its path that did not exist, the innermost first.
func makeDirs(dir string) (made []string, err error) {
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Lstat(d); !errors.Is(err, os.ErrNotExist) || d == filepath.Dir(d) {
			break
		}
		made = append(made, d)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		removeDirs(made)
		return nil, err
	}
	return made, nil
}

// removeDirs removes directories, until one is not empty.
func removeDirs(dirs []string) {
	for _, d := range dirs {
		if remove(d) != nil {
			return
		}
	}
}

// scrapeAddress returns the address at which a Prometheus on this machine reaches the server.
func (s *Server) scrapeAddress() (string, bool) {
	tcp, ok := s.listener.Addr().(*net.TCPAddr)
	if !ok {
		return "", false
	}
	if tcp.IP.IsUnspecified() {
		_, port, _ := net.SplitHostPort(tcp.String())
		return net.JoinHostPort("localhost", port), true
	}
	return tcp.String(), true
}

// writeWhole writes a file that never exists in part.
func writeWhole(path string, text []byte) error {
	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, text, 0o600); err != nil {
		return errors.Join(err, remove(temporary))
	}
	if err := os.Rename(temporary, path); err != nil {
		return errors.Join(err, remove(temporary))
	}
	return nil
}

// remove removes a file, if it exists.
func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// withdraw removes the server's entry, and the directories that it needed unless others need them. What cannot be removed is left to the next session.
func (s *Server) withdraw() {
	if s.target == nil {
		return
	}
	_ = remove(s.target.path)
	_ = s.target.lock.Close() // Windows removes no file that is open
	_ = remove(s.target.lock.Name())
	removeDirs(s.target.made)
	s.target = nil
}

// removeDead removes the entries of processes that have ended without removing them. It leaves alone what it cannot
// read or remove.
func removeDead(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	exists := map[string]bool{}
	for _, e := range entries {
		exists[e.Name()] = true
	}
	for _, e := range entries {
		name := ours.FindStringSubmatch(e.Name())
		info, err := e.Info()
		if name == nil || err != nil || !info.Mode().IsRegular() {
			continue
		}
		path, isYoung := filepath.Join(dir, name[1]), time.Since(info.ModTime()) < young
		switch ext := name[2]; {
		case ext != ".json" && (isYoung || exists[name[1]+".json"]): // of a process that starts, or see the other file
		case lockfile.Look(path+".lock") == lockfile.Free:
			_ = remove(filepath.Join(dir, e.Name()))
			_ = remove(strings.TrimSuffix(path, ".json") + ".lock")
		}
	}
}

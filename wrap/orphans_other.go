//go:build !linux

package wrap

import (
	"log/slog"
	"os"
)

// children is Linux's: elsewhere orphans go to init, or to nobody, and are left alone.
var children family

type family struct{}

func (family) start(path string, argv []string, attr *os.ProcAttr) (*os.Process, error) {
	return os.StartProcess(path, argv, attr)
}

func (family) forget(int)                          {}
func (family) adopt(*slog.Logger)                  {}
func (family) disown()                             {}
func (family) reap()                               {}
func (family) sweep(<-chan struct{}, *slog.Logger) {}

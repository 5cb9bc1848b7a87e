//go:build !linux

package cmd_test

import (
	"syscall"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// The tests of signals run on Linux alone; what is left here only lets the roles compile.
const (
	childSignal  = syscall.SIGTERM
	urgentSignal = syscall.SIGTERM
)

var systemRoles map[string]mcptest.Role

//go:build !linux

package cmd_test

import (
	"syscall"

	"github.com/spanpipe/spanpipe/internal/mcptest"
)

// The tests of signals run on Linux only. These placeholders let the roles compile elsewhere.
const (
	childSignal  = syscall.SIGTERM
	urgentSignal = syscall.SIGTERM
)

var systemRoles map[string]mcptest.Role

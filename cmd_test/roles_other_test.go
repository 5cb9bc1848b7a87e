//go:build !linux

package cmd_test

import "github.com/spanpipe/spanpipe/internal/mcptest"

var systemRoles map[string]mcptest.Role

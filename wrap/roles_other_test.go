//go:build !linux && !windows

package wrap_test

func registerSystemRoles() {}

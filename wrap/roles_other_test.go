//go:build !linux

package wrap_test

func registerSystemRoles() {}

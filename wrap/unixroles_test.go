//go:build unix

package wrap_test

func registerUnixRoles() {
}

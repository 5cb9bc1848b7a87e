//go:build unix

package admin

import (
	"errors"
	"net"
	"syscall"
)

// listenPrivately listens at the path of a unix socket that only the user can open at any time: the mode is that
// of its creation, not one that is set afterwards. The mask is the whole process's for that moment, in which nothing
// else makes files: the server is started before or after.
func listenPrivately(path string) (net.Listener, error) {
	const ownerOnly = 0o177 // 077, and no execution, which has no meaning for a socket
	defer syscall.Umask(syscall.Umask(ownerOnly))
	return net.Listen("unix", path)
}

// inUse reports whether another process listens on the address.
func inUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }

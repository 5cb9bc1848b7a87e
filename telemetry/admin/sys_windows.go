package admin

import (
	"errors"
	"net"

	"golang.org/x/sys/windows"
)

// listenPrivately listens at the path of a unix socket. Who can open it depends on the directory: Windows has no modes.
func listenPrivately(path string) (net.Listener, error) { return net.Listen("unix", path) }

// inUse reports whether another process listens on the address, or has reserved it.
func inUse(err error) bool {
	return errors.Is(err, windows.WSAEADDRINUSE) || errors.Is(err, windows.WSAEACCES)
}

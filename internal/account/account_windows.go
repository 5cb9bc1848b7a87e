package account

import (
	"errors"
	"syscall"
)

// current returns the security identifier of the process's user, which contains that of its machine or domain. It does not
// ask for a name, which can take seconds when a domain's controller is out of reach.
func current() (string, error) {
	token, err := syscall.OpenCurrentProcessToken()
	if err != nil {
		return "", errors.New("looking up the security identifier of the user")
	}
	defer func() { _ = token.Close() }()
	u, err := token.GetTokenUser()
	if err != nil {
		return "", errors.New("looking up the security identifier of the user")
	}
	sid, err := u.User.Sid.String()
	if err != nil {
		return "", errors.New("looking up the security identifier of the user")
	}
	return "sid " + sid, nil
}

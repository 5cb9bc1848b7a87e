//go:build !unix && !windows

package account

import "errors"

func current() (string, error) { return "", errors.New("accounts are not known on this system") }

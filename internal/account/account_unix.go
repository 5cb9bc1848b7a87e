//go:build unix

package account

import (
	"errors"
	"os"
	"os/user"
	"strconv"
)

// current returns the user's id and name. The id alone is not enough: the first user of each Mac has 501, and of each Linux
// machine 1000. A user that is not listed, as in many containers, has none but the id. It asks for the id and not for the
// current user, for whom package user may take the name from a variable.
func current() (string, error) {
	id := strconv.Itoa(os.Getuid())
	u, err := user.LookupId(id)
	if _, unlisted := errors.AsType[user.UnknownUserIdError](err); unlisted {
		return "uid " + id, nil
	} else if err != nil {
		return "", errors.New("looking up the name of the user") // the error could name it
	}
	return "uid " + id + " " + u.Username, nil
}

//go:build !windows

package policy

// ReadOwned reads a policy as Read does, where the files of a user are trusted, and everything above a directory is.
func ReadOwned(path, below string, uid uint32) (*Policy, error) {
	return read(path, owners{uid, below})
}

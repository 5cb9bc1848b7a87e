package store

import "io/fs"

// private reports whether a file is for this user alone. On Windows the permissions of the directory decide, which is that
// of the user's profile unless SPANPIPE_DIR names another.
func private(fs.FileInfo) bool { return true }

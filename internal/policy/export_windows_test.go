package policy

// ReadOwned reads a policy as Read does, where the files of these accounts are trusted.
func ReadOwned(path string, sids ...string) (*Policy, error) { return read(path, owners{sids}) }

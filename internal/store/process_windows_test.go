package store_test

func setMask(int)       {}
func limitFiles(uint64) {}

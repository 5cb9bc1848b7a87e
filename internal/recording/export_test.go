package recording

// Limit makes a recorder's memory and its longest line smaller, in bytes.
func Limit(cfg Config, memory int64, longest int) Config {
	cfg.memory, cfg.longest = memory, longest
	return cfg
}

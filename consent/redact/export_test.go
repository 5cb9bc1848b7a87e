package redact

// CompileRules compiles every rule and returns how many there are.
func CompileRules() int {
	set := rules()
	for _, ru := range set.rules {
		ru.re()
		for _, re := range ru.allow {
			re()
		}
	}
	return len(set.rules)
}

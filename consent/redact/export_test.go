package redact

// CompileRules compiles every rule and returns how many there are.
func CompileRules() (int, error) {
	set, err := rules()
	if err != nil {
		return 0, err
	}
	for _, ru := range set.rules {
		ru.compile()
	}
	return len(set.rules), nil
}

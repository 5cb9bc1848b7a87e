package serve

func ignoreTerminalStops() {}

package cmd_test

import "github.com/spanpipe/spanpipe/internal/reliability"

func peerFaults() []reliability.Section { return nil }

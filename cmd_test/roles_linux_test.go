package cmd_test

import "github.com/spanpipe/spanpipe/internal/mcptest"

// systemRoles are the parts that can be played on this system alone.
var systemRoles = map[string]mcptest.Role{
	"deaf":   playDeaf,
	"parrot": playParrot,
	"spout":  playSpout,
}

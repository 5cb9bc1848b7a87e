package cmd_test

import "github.com/spanpipe/spanpipe/internal/mcptest"

// systemRoles are the roles that only this system has.
var systemRoles = map[string]mcptest.Role{
	"deaf":     playDeaf,
	"daemon":   playDaemon,
	"scripted": playScripted,
	"spout":    playSpout,
	"client":   playClient,
}

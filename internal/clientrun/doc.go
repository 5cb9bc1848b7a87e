// Package clientrun finds out which start of a client has started a server, so that all servers of one client are shown
// together. MCP has no name for that: each server sees a connection of its own.
//
// It owns the rule which of our ancestors is the client: the nearest that is no launcher, such as a shell, npx, uvx or a
// container's client. What clients and launchers look like stands in programs.txt. There is none if a person or a service
// manager has started us, or if the client has ended already.
//
// What identifies a client's process and its session is hashed with a key before it leaves the package's caller; the values
// themselves are neither stored nor sent. The package must not import more than internal/proctree.
package clientrun

// Package mcptest plays both sides of an MCP session for tests, each in a process of its own where that matters.
//
// It owns four things. A [Cast] lets a test binary run itself again in another role, so that no test depends on a program
// that may be missing. A [Host] is the client's side of a process: it starts a command with pipes, as MCP hosts do.
// [Serve] is an MCP server whose tools do what tests need: answer, fail, be slow, hang, exit, write noise. A
// [Conversation] is a session written down: what both sides say, in order and with times. The same text can be fed to a
// tracker ([Conversation.Play]), or played by real processes ([PlayServer], [Host.Play]) that check every byte.
//
// It must not import any package of this module: a peer that shared code with the product would share its mistakes.
package mcptest

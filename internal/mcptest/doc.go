// Package mcptest plays the two sides of an MCP session for tests, in processes of their own.
//
// A Cast lets a test binary run itself again in another part, so that no test needs a program that may be missing. A Host
// is a client's side of a process: it starts a command with pipes, as hosts do, and says and hears lines. Serve is a
// server whose tools do what tests need: answer, fail, be slow, hang, exit, die, write noise. What a test wants of the
// server it says in the call, so that the test can be read alone.
//
// It must not import anything of this module: a peer that shared code with the product would share its mistakes.
package mcptest

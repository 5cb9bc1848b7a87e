package cli

import (
	"io"
	"log/slog"
)

// explainTerminal says how to make a call where a person has started a server without a client: it would wait for
// messages on the terminal, without a word.
func (a *app) explainTerminal() {
	if !a.terminal {
		return
	}
	const waiting = "waiting for an MCP client on this terminal; Ctrl-D ends the session"
	if a.options.logFormat == "json" {
		a.printer.tell(&a.options, a.named, slog.LevelInfo, waiting, without)
		return
	}
	_, _ = io.WriteString(a.printer, "spanpipe: "+waiting+"\n"+ // never fails
		"spanpipe: hint: to make a call yourself, paste these three lines:\n"+pasted+
		"spanpipe: hint: "+without+"\n")
}

const without = "to use it without a client: spanpipe try -- your-server"

// pasted are the first messages of every session, and a call.
const pasted = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",` +
	`"capabilities":{},"clientInfo":{"name":"me","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":2,"method":"tools/list"}
`

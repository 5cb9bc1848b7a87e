package doctor

// Known is a check that there is, for docs/doctor.md.
type Known struct{ ID, Group, Checks, Remedy string }

// All returns the checks, in the order in which they are printed.
func All() []Known {
	const clients, server, telemetry, machine = "Clients", "A server", "Telemetry", "This machine"
	return []Known{
		{"entries", clients, "how many of the wrapped servers have no failure", ""},
		{"files", clients, "each client's file can be read and parsed", "mend the line that is named; spanpipe never writes such a file"},
		{"program", clients, "the path of spanpipe in an entry exists, can be run, is this program (else: older or newer), and outlives an update",
			"`spanpipe install CLIENT` writes the present path"},
		{"twice", clients, "no server is wrapped twice", "remove one `spanpipe` with its `--` from the entry"},
		{"command", clients, "the command behind `--` is found on the PATH that this client passes on", "write its whole path"},
		{"arguments", clients, "the command is one word, not a whole line; arguments have no spaces where a client is known to take them apart (Cursor)",
			"an item for each word; give the value in `env`, or start a script"},
		{"telemetry", clients, "the entry decides about telemetry", "`spanpipe install CLIENT`"},
		{"variables", clients, "variables of this shell that the client does not pass on", "`spanpipe install CLIENT --set NAME=VALUE`"},
		{"sandbox", clients, "VS Code's `sandboxEnabled` allows the store and the collector's host", "add them to the entry's `sandbox`"},
		{"descriptions", clients, "stored sessions of Claude Code have no description that it cuts (over 2,048 characters); of a server alone, its lists have none",
			"what matters first, or shorter"},
		{"unused", clients, "a session of each entry with `local` is stored", "restart the client, or what else makes it read its file"},
		{"unwrapped", clients, "local servers are wrapped, and still are where `install` has wrapped them", "`spanpipe install CLIENT`"},
		{"shape", clients, "the entries of local servers have a form that `install` can edit", "`spanpipe install CLIENT --dry-run` prints what to paste"},
		{"backup", clients, "nothing is kept of files in which nothing is wrapped any more", "the command that is named removes it"},
		{"removal", clients, "a reminder: wrapped servers need spanpipe", "`spanpipe uninstall`, before you remove the program"},

		{"start", server, "the server can be started", "as the system's error says"},
		{"answer", server, "it answers `initialize`, within 10 seconds of its start; if not: whether it has ended, ignores stdin, or has read the request",
			"is it an MCP server for stdin and stdout?"},
		{"lists", server, "it lists what it offers; how much that costs a model's context", "do not declare a capability that is not there"},
		{"stdout", server, "it writes nothing but messages to stdout", "write logs to stderr"},
		{"end", server, "it ends within `--grace` (2 seconds) of its input", "end when stdin ends"},
		{"speaks", server, "which versions of MCP it speaks, of those with a handshake", ""},
		{"versions", server, "it answers an unknown protocol version with one of its own", "negotiate the version as MCP demands"},
		{"term", server, "it ends within `--grace` of SIGTERM (not on Windows)", "end at SIGTERM"},
		{"orphans", server, "it leaves no process behind (Linux)", "end what the server has started"},

		{"decision", telemetry, "whether telemetry is on in this shell, and why", ""},
		{"donottrack", telemetry, "`DO_NOT_TRACK` is set", ""},
		{"policy", telemetry, "the policy of this machine's administrators can be used", "its administrators have to mend it"},
		{"store", telemetry, "the store can be written", "`SPANPIPE_DIR` names another directory"},
		{"size", telemetry, "the store has no more details of sessions than `SPANPIPE_KEEP` allows, but for live ones", "`spanpipe prune`"},
		{"disk", telemetry, "its disk has 500 MB left", "make room"},
		{"content", telemetry, "whether content is captured", ""},
		{"otlp", telemetry, "a collector that is named is used, and may be", "`SPANPIPE_TELEMETRY=local,otlp`"},
		{"collector", telemetry, "each signal's collector accepts an empty request: of this shell, and of each entry with `otlp`", "as the cause says"},
		{"clock", telemetry, "this clock and the collector's differ by 5 seconds at most (OTLP over HTTP)", "synchronize the clocks"},
		{"health", telemetry, "live sessions with a metrics page are healthy", "`spanpipe health`"},

		{"tools", machine, "node, npx, uvx and docker are found by a shell, and by clients that are started from a desktop", "whole paths, or links"},
		{"spanpipe", machine, "spanpipe is on the PATH, in a place that lasts", "a link at `~/.local/bin/spanpipe`"},
		{"side", machine, "whose files are looked at, in WSL, over SSH and in a container", ""},
	}
}

package clientrun

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"

	"github.com/spanpipe/spanpipe/internal/proctree"
)

// Find returns the client among the ancestors of a process, the nearest of which comes first.
func Find(ancestors iter.Seq[proctree.Info]) (proctree.Info, bool) {
	for p := range ancestors {
		switch is := kindOf(p); {
		case is == end || p.PID == 1:
			return proctree.Info{}, false
		case is == client:
			return p, p.Start != 0 // the id alone may have been another process's
		}
	}
	return proctree.Info{}, false
}

// Run returns the id of a client's process: the same for all servers that it starts, and another for each start of a client.
// The key is this package's own. Boot is proctree.Boot's.
func Run(key []byte, boot string, p proctree.Info) string {
	return hash(key, fmt.Sprintf("run %s %d %d", boot, p.PID, p.Start))
}

// variables are those in which clients pass the id of their own session to a server.
//   - Claude Code, from 2.1.154: https://github.com/anthropics/claude-code/issues/63305
//   - GitHub Copilot CLI
//
// Codex and Gemini CLI have such variables for commands that the model runs, but do not pass them to servers
// (https://github.com/openai/codex/issues/19937).
var variables = [...]string{"CLAUDE_CODE_SESSION_ID", "COPILOT_AGENT_SESSION_ID"}

// Session returns a hash of the client's own id for its session, or "" if the client has passed none.
func Session(key []byte, lookup func(name string) (string, bool)) string {
	for _, name := range variables {
		if id, _ := lookup(name); id != "" {
			return hash(key, "session "+name+"="+id)
		}
	}
	return ""
}

// hash returns 64 bits of a keyed hash: enough to tell all runs of a lifetime apart.
func hash(key []byte, text string) string {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(text)) // never fails
	return hex.EncodeToString(h.Sum(nil)[:8])
}

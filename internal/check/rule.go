package check

import (
	"slices"
	"strconv"

	"github.com/spanpipe/spanpipe/internal/report"
)

// Name is the name of a rule in a file of rules.
type Name string

// The rules.
const (
	Startup       Name = "startup"
	P95           Name = "p95"
	MinCalls      Name = "min_calls"
	Failures      Name = "failures"
	Unanswered    Name = "unanswered"
	Hung          Name = "hung"
	Violations    Name = "violations"
	Noise         Name = "noise"
	Exit          Name = "exit"
	ResultTokens  Name = "result_tokens"
	ResultBytes   Name = "result_bytes"
	ContextTokens Name = "context_tokens"
	ContextBytes  Name = "context_bytes"
	ToolTokens    Name = "tool_tokens"
	ToolBytes     Name = "tool_bytes"
	Description   Name = "description"
	ExpectTools   Name = "expect_tools"
	ForbidTools   Name = "forbid_tools"
	Baseline      Name = "baseline"
)

// Form is how the value of a rule is written.
type Form string

// The forms of values.
const (
	Duration     Form = "duration"       // 500ms, 2s, 1m30s
	Count        Form = "number"         // 0, 3
	CountOrShare Form = "number or %"    // 3, 2%
	Size         Form = "size"           // 800B, 40kB, 1MB, 64KiB
	Word         Form = "word"           // ok, zero
	Names        Form = "list of names"  // [add, "get_*"]
	File         Form = "name of a file" // relative to that of the file of rules
)

// Subject is what the keys of a value by name are.
type Subject string

// The subjects.
const (
	ByTool       Subject = "tool"       // names and patterns of tools; "prompts/get NAME", "resources/read TEMPLATE"
	ByClass      Subject = "class"      // classes of errors
	ByKind       Subject = "kind"       // kinds of violations
	ByDefinition Subject = "definition" // tools; "instructions", "prompt NAME", "resource template TEMPLATE"
)

// Rule describes a rule.
type Rule struct {
	Name    Name
	Form    Form
	By      Subject // a value may be given for each of these instead; empty: it is one value
	Default string  // as in a file
	Example string  // the value in a file
	About   string  // what it measures, as the beginning of a sentence
	unit    string  // of UCUM, in JSON
}

// off is the value of a rule that is not to be judged.
const off = "off"

// Claude Code's limits: it passes on so many tokens of a result, and so many tokens of all definitions are a tenth of its context,
// above which it does not load them at once.
const (
	claudeResult  = 25_000
	claudeContext = 20_000
)

// mostDescribed returns behind how many characters the strictest client that is known cuts descriptions and instructions.
func mostDescribed() int64 {
	most, _ := report.CutsAt("claude-code")
	return most
}

// All returns the rules, in the order in which they are judged and documented.
func All() []Rule {
	return []Rule{
		{Startup, Duration, "", "10s", "3s",
			"From the start of the process to the answered handshake. Codex waits 10 s", "s"},
		{P95, Duration, ByTool, "10s", `{"*": 2s, "get_*": 300ms}`,
			"The time that 95 of 100 answered calls of a tool do not exceed, over all sessions of a server", "s"},
		{MinCalls, Count, "", "5", "20",
			"How many calls of a tool it takes for p95 to be judged. Below 20, p95 is the slowest call", "{call}"},
		{Failures, CountOrShare, ByClass, "0", `{"*": 0, not_found: 5}`,
			"The client's requests that were answered with an error that is the server's, or with isError. A share is one of calls", "{request}"},
		{Unanswered, Count, "", "0", "0",
			"Requests without an answer when the client gave up or the session ended, unless they hung", "{request}"},
		{Hung, Count, "", "0", "0",
			"Requests that were not answered for as long as --hang-after says, whatever became of them", "{request}"},
		{Violations, Count, ByKind, "0", `{"*": 0, late_response: 0}`,
			"The server's messages that break the protocol. Kinds that do no harm, " +
				"late_response and version_mismatch, count only if they are named", "{message}"},
		{Noise, Count, "", "0", "0",
			"Lines on stdout that are no message: text, broken JSON, other JSON, HTTP headers", "{line}"},
		{Exit, Word, "", "ok", "zero",
			"How the server ended. ok: the client ended the session, and the server did not crash. zero: its exit status is 0 as well", ""},
		{ResultTokens, Count, ByTool, strconv.Itoa(claudeResult), `{"*": 5000, export: 25000}`,
			"The largest answer to a call, in tokens. Claude Code passes on 25,000", "{token}"},
		{ResultBytes, Size, ByTool, off, "100kB", "The same in bytes on the wire", "By"},
		{ContextTokens, Count, "", strconv.Itoa(claudeContext), "5000",
			"What is in every conversation, in tokens: the definitions of all tools, and the instructions. " +
				"The default is a tenth of a context of 200,000", "{token}"},
		{ContextBytes, Size, "", off, "30kB", "The same in bytes on the wire", "By"},
		{ToolTokens, Count, ByTool, off, `{"*": 500}`, "The definition of one tool, in tokens", "{token}"},
		{ToolBytes, Size, ByTool, off, "2kB", "The same in bytes on the wire", "By"},
		{Description, Count, ByDefinition, strconv.FormatInt(mostDescribed(), 10), "{instructions: 1000}",
			"The length of a description, or of the instructions, in UTF-16 code units. Claude Code cuts at 2,048", "{character}"},
		{ExpectTools, Names, "", off, `[add, "get_*"]`, "Tools that must be listed", ""},
		{ForbidTools, Names, "", off, `["debug_*"]`, "Tools that must not be listed", ""},
		{Baseline, File, "", off, "definitions.json", "What the server offers is what this file has, field by field. It needs a recording", ""},
	}
}

// rule returns the description of a rule.
func rule(name Name) Rule {
	all := All()
	return all[slices.IndexFunc(all, func(r Rule) bool { return r.Name == name })]
}

// Package redact removes secrets and personal data from content of MCP sessions before that content is stored,
// printed or sent.
//
// It owns two things. A Redactor rewrites captured content: arguments, results, prompts, error messages, log lines,
// URIs. Name decides about the short names that peers choose (tools, methods, ids, versions), which are collected even
// where no content is; it needs no Redactor.
//
// The model of a Redactor is one list of spans. Every detector looks at the text and says which bytes have to go and
// what they are. Text that wraps other text (JSON strings with escapes, JSON inside such strings, percent-encoding,
// base64) is decoded into a view that remembers where each byte came from, searched again, and what is found there is
// mapped back. At the end the spans are replaced, all at once, by markers such as [redacted:email]; every other byte
// stays as it was. A marker has no character that JSON or a URI would escape, so it fits at any depth of wrapping.
//
// Promises:
//   - The result is a function of the input: redacting a result again changes nothing.
//   - The result is valid UTF-8 and at most max bytes long. It is valid JSON if the input was and nothing was cut.
//   - Time is linear in the input for every detector; nesting is followed to a fixed depth. No input panics.
//   - Errors never quote content.
//
// Nothing is compiled when the package is loaded: the cost starts with New, and the credential rules, which are those
// of gitleaks, are each compiled when the first text asks for them. The package imports the standard library alone.
// docs/redaction.md has the reasons and the figures.
package redact

// Package redact removes secrets and personal data from what MCP peers send, before it is stored, printed or exported.
//
// It owns two things. A [Redactor] rewrites captured content: arguments, results, prompts, error messages, log lines
// and URIs. [Name] decides about the short names that peers choose, such as tools, methods, ids and versions; these are
// collected even where no content is.
//
// Both use the same detectors. A detector looks at a text and returns ranges of bytes and what they are: by a form of
// their own (an address, a token of a known issuer), or by a name beside them ("password": …). Ranges are joined and
// replaced by markers such as [redacted:email]. Text that wraps other text is taken apart first: JSON is read token by
// token, and each string is redacted with its name as context; escaped, percent-encoded and base64 parts are decoded,
// redacted, and encoded again if anything was removed. That happens up to four wrappings deep.
//
// It promises that
//   - the result depends on the input alone, and redacting a result again changes nothing,
//   - the result is valid UTF-8 with at most max bytes, and valid JSON if the input was and nothing was cut,
//   - time and memory are bounded by the length of the input: a text built to exceed the bounds is replaced as a whole,
//   - no input panics, and no error quotes content.
//
// It imports only the standard library, and nothing that could send or store what it reads. In particular it does not
// import consent: what to remove is passed in a [Config]. Nothing is compiled or parsed when the package is loaded.
//
// docs/redaction.md lists what is found, with the measured recall and precision. This package is not a public API
// before spanpipe 1.0 and may change without notice.
package redact

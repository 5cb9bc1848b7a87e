// Package script plays a session without a client: a handshake, the lists of what a server offers, and the calls that a file names.
//
// Parse reads such a file, whose form docs/script.schema.json describes, too; Script.Play is the client. What a server answers is not
// judged: a call that fails is part of the session. The package starts no process and opens no file.
package script

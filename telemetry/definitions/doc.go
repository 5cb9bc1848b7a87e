// Package definitions notices that a server's tools, prompts and instructions are not what they were: since the server was used
// before, or since earlier in the session. A server whose tools were harmless when they were approved can describe them anew at
// any time, and clients do not ask again (a "rug pull").
//
// What is seen first is trusted. From then on a definition is compared with what was accepted for it, if the user has accepted
// something, and else with what was seen last. Fingerprints that a definition had before are remembered, so that a server
// that offers other things to other clients is not a new change each time. A list that was not read to its end says nothing of
// what it lacks.
//
// State is plain data, for a file. The package is a pure state machine: it touches neither files nor the clock. It sees
// fingerprints, which are keyed hashes, and no text.
package definitions

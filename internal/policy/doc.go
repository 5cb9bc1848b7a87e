// Package policy reads the file by which the administrators of a machine restrict what its users' spanpipe does.
//
// It owns the file's place, its trust, and its form: a closed list of keys, some of them defaults that users may change, and some locks
// that they may not. The file restricts and supplies. It has no key that turns telemetry on, or captures anything.
//
// It promises that a file which is there is either understood as a whole, and was written by administrators alone, or is an error.
// The caller takes the strictest reading then. A file that is not there is no policy.
//
// It must not read the environment: a variable that moves the file would be in the hands of those whom it restricts.
package policy

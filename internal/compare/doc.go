// Package compare finds what differs between two sessions: operations, their outcomes, sizes and durations, and definitions.
package compare

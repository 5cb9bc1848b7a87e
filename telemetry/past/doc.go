// Package past is what is remembered of a server's earlier sessions: names, counts, and durations and sizes on a
// logarithmic scale. It holds no content, no arguments and no single call. A Session collects what one session adds, and
// Past.Merge adds that to what is known. A Past is plain data: internal/store keeps it as a file for each server, and
// telemetry/anomaly compares a session with it.
//
// Everything is bounded: targets, pairs, clients, names, and the encoded size. What has not been seen for 180 days is
// forgotten, as the digests are of which a Past is made. Counts are halved every 60 days, so that what has changed becomes
// usual.
//
// The package is pure: time comes with the records, and the same sessions in the same order give the same Past. It must
// not import OpenTelemetry, nor touch files.
package past

// Package anomaly finds tool calls that stand out from their own session's past: loops, bursts, and outliers of
// latency and size. It is a sink that reports findings. It owns the rules and the little memory that they need. It
// promises that an ordinary session causes no finding, which ranks above finding every subtle fault: users turn off
// an alarm that is often wrong. It is pure: time comes with the records, it starts nothing, the same records give the
// same findings, and its memory is bounded. It must not import OpenTelemetry.
//
// Everything is compared with the session itself. A tool that always takes a minute is not slow; a client that always
// calls a hundred times a second is not running away. So nothing but a loop is found before there is a past to compare
// with.
//
// The figures below are constants, each beside its rule.
//
// # Loop
//
// The same tool with the same arguments, answered the same way, again and again, with nothing else in between; or up
// to four such calls that take turns in a fixed order. Two responses are the same if both failed or both succeeded,
// and their sizes differ by no more than the digits of an id. So pagination, polling that sees progress, and tests
// that run after each edit are no loops. A loop is reported at
//
//   - the 10th repeat, if the repeats start less than 2 s apart on average: retries are three to five, and a model
//     needs longer for a turn, so this is a program; or
//   - the 25th repeat at less than 15 s apart, and the 10th if all fail: the pace of a model that is stuck. It gets
//     more time because it may be waiting for a job and have no better way; a failing call made ten times is no
//     longer a retry.
//
// Repeats as regular as a timer, a second or more apart (coefficient of variation below 0.1), are polling and never a
// loop. A pause of a minute restarts the count, because the user has thought, or come back. A loop that goes on is
// reported again each time it has become twice as long.
//
// # Burst
//
// More calls started within 10 s than ten times the usual number, and at least 150. Usual is the 95th percentile of
// the last 64 windows of 10 s that had any call, and there must have been twelve. A model emits a few dozen calls at
// once at most and waits for the responses, so 150 in 10 s come from a program. A burst is reported once; the next
// can begin when the rate has fallen below half of the limit. A rate that stays becomes the usual one.
//
// # Latency outlier and size outlier
//
// For each tool, the last 128 durations, request sizes and response sizes of successful calls are remembered, on a
// logarithmic scale since they vary by factors. With at least 30 of them, a value stands out if it is all of these:
//
//   - beyond the median by seven standard deviations, and by up to nine with few samples. The deviation is estimated
//     from the distance between the 95th percentile and the median, and assumed to be at least 0.4: a factor of 16 to
//     37. Only the upper part counts, and not the median absolute deviation: with responses from a cache four times in
//     five, that is next to nothing, and every miss would stand out;
//   - twice as far out, on that scale, as the third largest value in memory. So what has happened three times is
//     known, and a tool that becomes slow for good is reported at most three times before that is its usual level;
//   - above the median by 2 s or by 64 KiB. A model takes longer than that for its own turn, and 64 KiB is where an
//     response begins to weigh on its context; a call of 20 ms instead of 0.2 ms concerns no user.
//
// A duration is first divided by the average number of calls that ran at the same time: a server that answers twenty
// parallel calls one by one is not slow. Tasks, calls of several round trips, and calls during which the server asked
// the user or the client's model are not timed, because the tool does not decide how long they take.
//
// # Earlier sessions
//
// A Comparison compares a session with package past: what is remembered of the server's earlier sessions. It is a sink of its
// own, and holds back what happens before the past is known. Its rules stand beside their constants, and docs/anomalies.md
// describes them; months_test.go simulates months without a fault, and planted_test.go with faults.
package anomaly

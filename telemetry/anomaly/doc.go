// Package anomaly finds tool calls that stand out from their own session's past: loops, bursts, outliers of latency and
// size, and transitions between tools that a settled session has never made. It owns the rules and the little memory that
// they need. It promises that a session gone about normally raises no alarm, which ranks above finding every subtle fault:
// an alarm that cries wolf is switched off. It is pure: time comes with the operations, nothing is started, the same
// operations give the same findings, and memory is bounded. It must not import OpenTelemetry.
//
// Everything is measured against the session itself. A tool that always takes a minute is not slow, a client that always
// calls a hundred times a second does not race. So nothing is found before there is a past to compare with, loops excepted.
//
// The figures below are the defaults of Config and the constants beside each rule.
//
// # Loop
//
// The same tool with the same arguments, answered the same way, again and again, and nothing else in between; or up to four
// such calls that take turns, always in the same order. Answered the same way is: both failed or both succeeded, and the
// sizes differ by no more than the digits of an id. So pagination, polling that sees progress, and tests run again after each
// edit are no loops. A loop is reported at
//
//   - the 10th repeat, if the repeats begin less than 2 s apart in the mean: retries are three to five, and a model takes
//     longer for a turn, so that a program runs away; or
//   - the 25th at less than 15 s apart, and if all fail the 10th: the pace of a model that is stuck. It is given more time
//     because it may be waiting for a job with no better means, and a failing call tried ten times is no longer a retry.
//
// Repeats as regular as a timer, a second or more apart (coefficient of variation below 0.1), are polling and never a loop.
// A pause of a minute starts the count over: somebody thought, or came back. A loop that goes on is reported again each time
// it has become twice as long.
//
// # Burst
//
// More calls begun within 10 s than ten times the usual, and at least 150. Usual is the 95th percentile of the last 64
// windows of 10 s that had any call, and there must have been twelve. A model emits some dozens of calls at once at the most
// and waits for answers, so that 150 in 10 s come from a program. A burst is reported once; the next can begin when the
// rate has fallen below half of what raised the alarm. A rate that stays becomes the usual one.
//
// # Latency outlier and size outlier
//
// Each tool has the last 128 durations, sizes of requests and sizes of answers of calls that succeeded, on a logarithmic
// scale, since both are spread by factors. With at least 30 of them, a value stands out if it is all of these:
//
//   - beyond the median by seven standard deviations, and by up to nine with few samples, as estimated from the distance of
//     the 95th percentile to the median and taken to be at least 0.4: a factor of 16 to 37. The upper part alone counts, and
//     not the median absolute deviation: with answers from a cache four times in five, that one is next to nothing and every
//     miss would stand out;
//   - twice as far out, on that scale, as the third largest in memory. So what has happened three times is known, and a tool
//     that becomes slow for good is reported three times at the most before that is its usual level;
//   - above the median by 2 s or by 64 KiB. A model takes longer than that for its own turn, and 64 KiB is what begins to
//     weigh on its context; a call of 20 ms instead of 0.2 ms is nobody's concern.
//
// A duration is first divided by how many calls were at work at the same time in the mean, for a server that answers
// twenty parallel calls one by one is not slow. Calls in whose course the server asked the user or the client's model, tasks,
// and calls of several round trips are not timed: what they take is not the tool's doing.
//
// # Unseen transition
//
// A tool called after another that it has never followed, both well known, in a session whose order of tools is settled:
// no new pair within the last 200 transitions and the last three quarters of all, the first tool left at least 120 times
// and the second called at least 10 times before, and none of the first tool's usual successors seen fewer than five times. Rare
// successors are the sign of a tool that is followed by many things, so that one more is no news; and what has not happened
// in 120 cases has a probability below 2.5 % (the rule of three). This holds for pipelines and routine work, hardly ever for
// an agent at large, and that is meant: where order is free, no order is wrong. A transition
// counts only between two calls of which the first had succeeded and ended before the second began, within a minute:
// parallel calls have no order, and after an error or with a new task of the user's anything may come.
package anomaly

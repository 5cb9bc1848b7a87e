// Package estimate estimates how many tokens a text is for a model, without a vocabulary, in one pass and constant memory.
//
// # The model
//
// Tokenizers of today's models split a text before they look into a vocabulary: at changes between letters, digits, signs and
// spaces, and in front of upper-case letters. What is left are mostly parts that a large vocabulary knows as a whole, or in
// few pieces. So the number of tokens follows from the classes of the characters and from the lengths of their runs:
//
//	get UserName ( " id-42 " )
//	1   1   1    1  1 11   1
//
// A [Counter] is a finite automaton over bytes. A state is what the bytes before look like, such as "three lower-case
// letters" or "two digits" (states.go); each transition costs a part of a token (transitions.go); a table has the steps of all
// states for all classes of bytes (table.go). What has no pattern, base64 and hashes, is recognized by its many changes between
// letters and digits.
//
// The text is read as it stands in JSON: an escape counts as the character that it means, since that is what a model
// sees.
//
// A [Meter] bounds what counting costs (meter.go): of large messages, and of floods of messages, it counts samples.
//
// # How good it is
//
// The costs were fitted to the texts in testdata/tune, and are judged by those in testdata/judge, against the vocabulary
// o200k of OpenAI's models: within 10 % for definitions, prose, code, JSON, Chinese, UUIDs and base64. A single short text can
// be further off. The tokenizers of other models, of which not all are public, differ by more than that from each
// other. So it is a figure to compare with, and no bill.
//
// The package is pure: it imports no more than package time, and keeps none of the text.
package estimate

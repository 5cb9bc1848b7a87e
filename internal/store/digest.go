package store

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/spanpipe/spanpipe/telemetry/record"
)

// The digest of a session is a sequence of entries. Each begins with its length, so that a reader notices a torn last
// one and skips an entry of a kind that it does not know. Texts are written once, in an entry of their own, and
// then named by their number. Numbers are varints of encoding/binary. An operation takes 30 to 50 bytes.
//
//	"SPDIGEST1\n"
//	entry  = length kind body
//	kind 1 = a text; the first has number 1, and 0 is the empty text
//	kind 2 = an operation, in the order of their ends
//	kind 3 = names of the tools that a server lists, of the operation before: count, texts; there may be several. It is read
//	         but no longer written
//	kind 4 = all texts are forgotten; the next has number 1
//	kind 5 = definitions in the answer of the operation before: count, then of each its kind and name, two texts, and its
//	         size and tokens; there may be several
//	kind 8 = sizes of the descriptions of the definitions in the entry before: count, sizes
const digestHeader = "SPDIGEST1\n"

const (
	textEntry      = 1
	operationEntry = 2
	toolsEntry     = 3
	forgetEntry    = 4

	definitionsEntry  = 5
	descriptionsEntry = 8
)

// Bounds of what writer and reader remember: a peer may choose new names without end.
const (
	maxTexts       = 2000
	maxTextBytes   = 100_000
	maxText        = 1000 // bytes; names that telemetry shows are shorter
	maxDefinitions = 100_000
)

// Flags of an operation in a digest.
const (
	flagToClient = 1 << iota
	flagAnswered
	flagHung
	flagBatch
	flagRetried // more than one round trip
)

// stallShift is where in the flags the verdict of an operation begins: its place in stalls, from 1.
const stallShift = 8

// stalls are the verdicts in the order of their numbers in a digest, which must not change.
var stalls = []record.Stall{
	record.ClientNotReading, record.AnswerIncomplete, record.ServerNotReading, record.ServerWaitingForClient,
	record.ServerStopped, record.Starting, record.BridgeRemote, record.WaitingForChild, record.ServerBusy, record.ServerIdle,
	record.ClientGaveUp, record.UnknownStall,
}

// digestWriter encodes operations that have ended.
type digestWriter struct {
	texts map[string]uint64
	bytes int       // of the texts
	last  time.Time // start of the operation before
	entry []byte    // reused
}

// header starts a digest.
func (w *digestWriter) header(dst []byte) []byte {
	w.texts, w.last = map[string]uint64{}, time.Unix(0, 0)
	return append(dst, digestHeader...)
}

// append appends an operation, and before it the texts that are new. It holds nothing of the content.
func (w *digestWriter) append(dst []byte, op *record.Operation) []byte {
	dst = w.room(dst, 6)
	var texts [6]uint64
	for i, text := range [...]string{op.Method, op.Target, op.Resource, op.ErrorType, op.Code, string(op.Class)} {
		dst, texts[i] = w.text(dst, text)
	}
	e := append(w.entry[:0], operationEntry)
	for _, n := range [...]uint64{
		flagsOf(op), op.Number, op.Parent, texts[0], texts[1], texts[2], texts[3], texts[4], texts[5],
	} {
		e = binary.AppendUvarint(e, n)
	}
	for _, n := range [...]int64{
		int64(op.Start.Sub(w.last)), int64(op.Duration), int64(op.Wait), int64(op.InputWait), op.RequestSize, op.ResponseSize,
		int64(op.ArgumentsOf), int64(op.ToolCount), op.DefinitionSize,
		op.RequestTokens, op.ResponseTokens, op.ResponseMedia, op.DefinitionTokens,
	} {
		e = binary.AppendVarint(e, n)
	}
	w.last, w.entry = op.Start, e
	dst = appendEntry(dst, e)
	for some := range slices.Chunk(op.Definitions, maxTexts/4) {
		dst = w.definitions(dst, some)
	}
	return dst
}

func flagsOf(op *record.Operation) (flags uint64) {
	if op.Direction == record.ToClient {
		flags |= flagToClient
	}
	if op.Answered {
		flags |= flagAnswered
	}
	if op.Hung {
		flags |= flagHung
	}
	if op.Batch {
		flags |= flagBatch
	}
	if op.RoundTrips > 1 {
		flags |= flagRetried
	}
	return flags | uint64(slices.Index(stalls, op.Stall)+1)<<stallShift
}

// room makes room for a number of texts: if there is none, all are forgotten.
func (w *digestWriter) room(dst []byte, texts int) []byte {
	if len(w.texts)+texts <= maxTexts && w.bytes <= maxTextBytes {
		return dst
	}
	clear(w.texts)
	w.bytes = 0
	return appendEntry(dst, []byte{forgetEntry})
}

// text returns the number of a text, which it appends if it is new.
func (w *digestWriter) text(dst []byte, text string) ([]byte, uint64) {
	if text == "" {
		return dst, 0
	}
	text = text[:min(len(text), maxText)]
	if n, known := w.texts[text]; known {
		return dst, n
	}
	n := uint64(len(w.texts) + 1)
	w.texts[text] = n
	w.bytes += len(text)
	w.entry = append(append(w.entry[:0], textEntry), text...)
	return appendEntry(dst, w.entry), n
}

func (w *digestWriter) definitions(dst []byte, all []record.Definition) []byte {
	dst = w.room(dst, 2*len(all))
	numbers := make([][2]uint64, len(all))
	for i := range all {
		dst, numbers[i][0] = w.text(dst, string(all[i].Kind))
		dst, numbers[i][1] = w.text(dst, all[i].Name)
	}
	e := binary.AppendUvarint(append(w.entry[:0], definitionsEntry), uint64(len(all)))
	for i := range all {
		e = binary.AppendUvarint(binary.AppendUvarint(e, numbers[i][0]), numbers[i][1])
		e = binary.AppendVarint(binary.AppendVarint(e, all[i].Size), all[i].Tokens)
	}
	dst = appendEntry(dst, e)
	e = binary.AppendUvarint(append(e[:0], descriptionsEntry), uint64(len(all)))
	for i := range all {
		e = binary.AppendVarint(e, all[i].Description)
	}
	w.entry = e
	return appendEntry(dst, e)
}

func appendEntry(dst, entry []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(entry))), entry...)
}

// maxEntry bounds an entry: a longer one is damage.
const maxEntry = 1 << 20

var errDigest = errors.New("the digest is damaged, or of a later version")

// readDigest calls f with each operation of a digest until f returns false. The error is errDigest if it is damaged or torn:
// then f has been called with what comes before that.
func readDigest(r *bufio.Reader, f func(op *record.Operation) bool) error {
	header := make([]byte, len(digestHeader))
	if _, err := io.ReadFull(r, header); err != nil || string(header) != digestHeader {
		return errDigest
	}
	d := digestReader{texts: []string{""}, last: time.Unix(0, 0)}
	var entry []byte
	for {
		n, err := binary.ReadUvarint(r)
		if errors.Is(err, io.EOF) {
			d.flush(f)
			return nil
		}
		if n == 0 && err == nil {
			return errDigest // what a power cut left as zeros, which may have completed the entry before, too
		}
		if err != nil || n > maxEntry {
			d.flush(f)
			return errDigest
		}
		if uint64(cap(entry)) < n {
			entry = make([]byte, n)
		}
		entry = entry[:n]
		if _, err := io.ReadFull(r, entry); err != nil {
			d.flush(f)
			return errDigest // torn
		}
		if !d.take(entry, f) {
			return nil
		}
	}
}

// digestReader holds an operation until it is known whether its definitions follow.
type digestReader struct {
	texts []string
	last  time.Time
	op    record.Operation
	held  bool
}

// take takes an entry, and returns false if f wants no more.
func (d *digestReader) take(entry []byte, f func(*record.Operation) bool) bool {
	body := entry[1:]
	switch entry[0] {
	case textEntry:
		if len(d.texts) > maxTexts { // a writer would have forgotten them
			return true
		}
		d.texts = append(d.texts, string(body[:min(len(body), maxText)]))
	case forgetEntry:
		d.texts = d.texts[:1]
	case operationEntry:
		if d.held && !f(&d.op) {
			return false
		}
		d.held = d.operation(body)
	case toolsEntry:
		if d.held {
			d.tools(body)
		}
	case definitionsEntry:
		if d.held {
			d.definitions(body)
		}
	case descriptionsEntry:
		d.descriptions(body)
	}
	return true
}

func (d *digestReader) flush(f func(*record.Operation) bool) {
	if d.held {
		f(&d.op)
	}
}

func (d *digestReader) text(n uint64) string {
	if n < uint64(len(d.texts)) {
		return d.texts[n]
	}
	return ""
}

// operation decodes an operation and reports whether it could.
func (d *digestReader) operation(body []byte) bool {
	var u [9]uint64
	var v [9]int64
	for i := range u {
		n, size := binary.Uvarint(body)
		if size <= 0 {
			return false
		}
		u[i], body = n, body[size:]
	}
	for i := range v {
		n, size := binary.Varint(body)
		if size <= 0 {
			return false
		}
		v[i], body = n, body[size:]
	}
	d.last = d.last.Add(time.Duration(v[0]))
	flags := u[0]
	d.op = record.Operation{
		Change: record.Ended, Number: u[1], Parent: u[2], Direction: record.ToServer,
		Method: d.text(u[3]), Target: d.text(u[4]), Resource: d.text(u[5]),
		ErrorType: d.text(u[6]), Code: d.text(u[7]), Class: record.Class(d.text(u[8])),
		Answered: flags&flagAnswered != 0, Hung: flags&flagHung != 0, Batch: flags&flagBatch != 0, RoundTrips: 1,
		Start: d.last, Duration: time.Duration(v[1]), Wait: time.Duration(v[2]), InputWait: time.Duration(v[3]),
		RequestSize: v[4], ResponseSize: v[5], ArgumentsOf: uint64(v[6]), ToolCount: int(v[7]), DefinitionSize: v[8],
	}
	if flags&flagToClient != 0 {
		d.op.Direction = record.ToClient
	}
	if flags&flagRetried != 0 {
		d.op.RoundTrips = 2
	}
	if n := flags >> stallShift; 0 < n && n <= uint64(len(stalls)) {
		d.op.Stall = stalls[n-1]
	}
	// A digest of an earlier version ends here.
	for _, to := range []*int64{&d.op.RequestTokens, &d.op.ResponseTokens, &d.op.ResponseMedia, &d.op.DefinitionTokens} {
		n, size := binary.Varint(body)
		if size <= 0 {
			break
		}
		*to, body = n, body[size:]
	}
	d.op.End = d.op.Start.Add(d.op.Duration + d.op.InputWait)
	return true
}

func (d *digestReader) tools(body []byte) {
	count, size := binary.Uvarint(body)
	if size <= 0 || count > maxEntry {
		return
	}
	body = body[size:]
	for range count {
		n, size := binary.Uvarint(body)
		if size <= 0 {
			return
		}
		d.define(record.Definition{Kind: record.ToolDefinition, Name: d.text(n)})
		body = body[size:]
	}
}

func (d *digestReader) definitions(body []byte) {
	count, size := binary.Uvarint(body)
	if size <= 0 || count > maxEntry {
		return
	}
	body = body[size:]
	for range count {
		var texts [2]uint64
		var numbers [2]int64
		for i := range texts {
			if texts[i], size = binary.Uvarint(body); size <= 0 {
				return
			}
			body = body[size:]
		}
		for i := range numbers {
			if numbers[i], size = binary.Varint(body); size <= 0 {
				return
			}
			body = body[size:]
		}
		d.define(record.Definition{
			Kind: record.DefinitionKind(d.text(texts[0])), Name: d.text(texts[1]), Size: numbers[0], Tokens: numbers[1],
		})
	}
}

// descriptions adds to the definitions that were read last.
func (d *digestReader) descriptions(body []byte) {
	count, size := binary.Uvarint(body)
	if size <= 0 || count > uint64(len(d.op.Definitions)) {
		return
	}
	last := d.op.Definitions[uint64(len(d.op.Definitions))-count:]
	body = body[size:]
	for i := range last {
		n, size := binary.Varint(body)
		if size <= 0 {
			return
		}
		last[i].Description, body = n, body[size:]
	}
}

func (d *digestReader) define(one record.Definition) {
	if len(d.op.Definitions) < maxDefinitions {
		d.op.Definitions = append(d.op.Definitions, one)
	}
}

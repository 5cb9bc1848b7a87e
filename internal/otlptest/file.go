package otlptest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// ReadLine decodes a line of OTLP JSON, as OpenTelemetry's file exporters write it, with protobuf's own decoder. The
// message is a TracesData, LogsData or MetricsData, or a request to export one of them.
func ReadLine(line []byte, into proto.Message) error {
	// The one thing in which the format differs from what that decoder reads: it wants ids in base64.
	id := regexp.MustCompile(`"(traceId|spanId|parentSpanId)":"([^"]*)"`) // not in a text: quotes are escaped there
	var wrong error
	plain := id.ReplaceAllFunc(line, func(member []byte) []byte {
		parts := id.FindSubmatch(member)
		raw, err := hex.DecodeString(string(parts[2]))
		if err != nil || len(raw) != 8 && len(raw) != 16 {
			wrong = fmt.Errorf("not an id: %s", member)
		}
		return fmt.Appendf(nil, `"%s":"%s"`, parts[1], base64.StdEncoding.EncodeToString(raw))
	})
	if wrong != nil {
		return wrong
	}
	return protojson.Unmarshal(plain, into)
}

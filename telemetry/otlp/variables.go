package otlp

import "strings"

const variablePrefix = "OTEL_EXPORTER_OTLP_"

// ownPrefix marks the OpenTelemetry variables that are for spanpipe and not for the server.
const ownPrefix = "SPANPIPE_"

// Variables returns the names of OpenTelemetry's environment variables that this program, or the SDK in it, reads. Each
// can be set for this program alone, with SPANPIPE_ in front of it.
func Variables() []string {
	all := []string{
		"OTEL_SDK_DISABLED", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
		"OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER",
		"OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
		"OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT", "OTEL_METRICS_EXEMPLAR_FILTER",
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
		"OTEL_EXPORTER_PROMETHEUS_HOST", "OTEL_EXPORTER_PROMETHEUS_PORT",
		"OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
		"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
		"OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_SPAN_LINK_COUNT_LIMIT",
		"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
		"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
	}
	for _, prefix := range []string{"OTEL_BSP_", "OTEL_BLRP_"} {
		for _, name := range []string{"SCHEDULE_DELAY", "EXPORT_TIMEOUT", "MAX_QUEUE_SIZE", "MAX_EXPORT_BATCH_SIZE"} {
			all = append(all, prefix+name)
		}
	}
	for _, signal := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
		for _, name := range []string{
			"ENDPOINT", "HEADERS", "PROTOCOL", "TIMEOUT", "COMPRESSION", "CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY",
			"INSECURE", "HEADERS_FILE",
		} {
			all = append(all, "OTEL_EXPORTER_OTLP_"+signal+name)
		}
	}
	return all
}

// destination lists the variables that say where telemetry is sent and with which credentials, without the prefix of OTLP's
// and without that of a signal.
var destination = [...]string{
	"ENDPOINT", "PROTOCOL", "INSECURE", "CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY", "HEADERS", "HEADERS_FILE",
}

// DestinationVariables returns the names of the variables of OTLP that say where telemetry is sent and with which credentials.
func DestinationVariables() (names []string) {
	for _, signal := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
		for _, name := range destination {
			names = append(names, variablePrefix+signal+name)
		}
	}
	return names
}

// ProxyVariables returns the names of the variables by which Go's HTTP client and gRPC find a proxy.
func ProxyVariables() []string {
	return []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"}
}

// Supplier is a file, such as a policy, that has set the variables of the destination. The zero Supplier has set none.
type Supplier struct {
	File  string // its name in messages
	Proxy bool   // it decides about the proxy as well, and no variable does
}

// noProxy is the part of a hint that NO_PROXY can mend.
const noProxy = ", or name the collector's host in NO_PROXY"

// Named returns a message with the keys of the file instead of the names of variables, the first one with the file.
func (s Supplier) Named(text string) string {
	if s.File == "" {
		return text
	}
	if s.Proxy {
		text = strings.ReplaceAll(text, noProxy, "")
	}
	in := " in " + s.File
	return suppliedName().ReplaceAllStringFunc(text, func(variable string) string {
		_, key, isDestination := strings.Cut(strings.ToLower(variable), strings.ToLower(variablePrefix))
		switch {
		case isDestination && key == "headers":
			key = "headers_file"
		case !isDestination && !s.Proxy:
			return variable
		case !isDestination:
			key = "proxy"
		}
		key += in
		in = ""
		return "otlp." + key
	})
}

// suppliedName matches the variables that a file can set. A longer name comes before one that it begins with.
var suppliedName = lazy("(?:" + ownPrefix + ")?" + variablePrefix +
	"(?:ENDPOINT|PROTOCOL|CERTIFICATE|CLIENT_CERTIFICATE|CLIENT_KEY|HEADERS_FILE|HEADERS)|HTTPS?_PROXY")

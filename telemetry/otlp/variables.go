package otlp

import (
	"strings"
	"sync"
)

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

// Named returns a message with the keys of the file that has set the variables of the destination, see Config.Supplier, instead of
// the names of those.
func Named(supplier, text string) string {
	if supplier == "" {
		return text
	}
	named := keyNames().Replace(text)
	if named != text {
		named += " (in " + supplier + ")"
	}
	return named
}

// keyNames names variables as the policy file does. A longer name comes before one that it begins with.
var keyNames = sync.OnceValue(func() *strings.Replacer {
	pairs := []string{ownPrefix + variablePrefix + "HEADERS_FILE", "otlp.headers_file", ownPrefix + variablePrefix + "HEADERS", "otlp.headers_file"}
	for _, pair := range [][2]string{
		{"ENDPOINT", "endpoint"}, {"PROTOCOL", "protocol"}, {"CERTIFICATE", "certificate"},
		{"CLIENT_CERTIFICATE", "client_certificate"}, {"CLIENT_KEY", "client_key"}, {"HEADERS", "headers_file"},
	} {
		pairs = append(pairs, variablePrefix+pair[0], "otlp."+pair[1])
	}
	return strings.NewReplacer(append(pairs, "HTTPS_PROXY", "otlp.proxy", "HTTP_PROXY", "otlp.proxy")...)
})

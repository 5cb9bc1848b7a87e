package otel

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
)

// NewResource describes the sender of telemetry: the name of the service, and a random id of this process. It has no
// host name, no user, no path and no command line; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, which the SDK reads
// from the process's environment, can add to it and win.
func NewResource(service, version string, logger *slog.Logger) *resource.Resource {
	r, err := resource.New(context.Background(), resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", service),
		attribute.String("service.instance.id", NewID()),
		attribute.String("telemetry.distro.name", "spanpipe"),
		attribute.String("telemetry.distro.version", version),
	), resource.WithFromEnv()) // the last one wins
	if err != nil {
		logger.Warn("ignoring invalid part of OTEL_RESOURCE_ATTRIBUTES") // the error quotes it
	}
	return r
}

// NewID returns a random UUID (version 4): two wrappers of one server never write the same series.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

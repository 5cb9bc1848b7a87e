package telemetry

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
)

// newResource says who sends: the server's name, and a random id of this process. No host name, no user, no path, no command
// line: what else is wanted is for OTEL_RESOURCE_ATTRIBUTES to say, which wins.
func newResource(cfg Config) *resource.Resource {
	own := resource.NewSchemaless(
		attribute.String("service.name", serviceName(cfg)),
		attribute.String("service.instance.id", instanceID()),
		attribute.String("telemetry.distro.name", "spanpipe"),
		attribute.String("telemetry.distro.version", cfg.Version),
	)
	sdk, err := resource.New(context.Background(), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		cfg.Logger.Warn("a part of OTEL_RESOURCE_ATTRIBUTES cannot be understood and is left out") // the error quotes it
	}
	merged, err := resource.Merge(own, sdk)
	if err != nil {
		cfg.Logger.Debug("merging resources", "error", err.Error())
	}
	return merged
}

// serviceName is the server's name, if it passes the check that peers' names pass.
func serviceName(cfg Config) string {
	name := ServiceName(cfg.Command)
	if cfg.Clean != nil && cfg.Clean([]byte(name)) != name {
		return unnamedService
	}
	return name
}

// instanceID is a random UUID (version 4): two wrappers of one server never write the same series.
func instanceID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

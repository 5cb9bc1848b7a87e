package cmd_test

import (
	"testing"

	"github.com/spanpipe/spanpipe/internal/otlptest"
)

// collector starts a receiver with the same fault for every request, and returns its endpoint.
func collector(t *testing.T, protocol otlptest.Protocol, fault otlptest.Fault) string {
	t.Helper()
	r := otlptest.Start(t, otlptest.Config{})
	r.SetFault(fault)
	return r.Endpoint(protocol)
}

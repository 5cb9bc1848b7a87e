package consent_test

import (
	"fmt"

	"github.com/spanpipe/spanpipe/consent"
)

func ExampleDecide() {
	policy, warnings := consent.Decide(consent.Request{Telemetry: "console, otlp, jaeger", DoNotTrack: "1"})
	fmt.Println("destinations:", policy.Sinks())
	for _, reason := range policy.Reasons() {
		fmt.Println("reason:", reason)
	}
	for _, w := range warnings {
		fmt.Println(w.Variable+":", w.Text)
	}
	// Output:
	// destinations: [console]
	// reason: SPANPIPE_TELEMETRY asks for console
	// reason: SPANPIPE_TELEMETRY asks for otlp
	// reason: SPANPIPE_TELEMETRY has "jaeger", which is no destination
	// reason: DO_NOT_TRACK is set: no network connection is opened
	// SPANPIPE_TELEMETRY: unknown telemetry destination "jaeger": want off, or a comma-separated list of console, local, otlp, prometheus
}

func ExamplePolicy_Capture() {
	policy, _ := consent.Decide(consent.Request{
		Telemetry: "otlp", Capture: "arguments, keys:query,filter.name", CaptureMax: "1024", Redact: `ticket=ACME-\d+`,
	})
	c := policy.Capture()
	fmt.Println(c.Levels(), c.Keys(), c.Max(), c.Patterns())
	// Output: [arguments] [query filter.name] 1024 [{ticket ACME-\d+}]
}

func ExampleShipped() {
	// What a server ships is described as it is for others, not for a machine that has forbidden it.
	policy, _ := consent.Shipped(consent.Request{
		Telemetry: "local,otlp", DoNotTrack: "1", SDKDisabled: []string{"true"}, Fleet: consent.Fleet{Sinks: []consent.Sink{consent.OTLP}},
	})
	fmt.Println(policy.Sinks())
	// Output: [local otlp]
}

package consent_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/consent"
)

// TestQuote checks that a warning shows what its reader has written, and no password of a URL.
func TestQuote(t *testing.T) {
	for word, want := range map[string]string{
		"1x":                            "\"1x\"",
		"10.1.2.3:99999":                "\"10.1.2.3:99999\"",
		"a\x1b[31m":                     "\"a?[31m\"",
		"https://me:hunter2x@host:4318": "\"https://[redacted:userinfo]@host:4318\"",
		strings.Repeat("x", 50):         "\"" + strings.Repeat("x", 40) + "…\"",
	} {
		if got := consent.Quote(word); got != want {
			t.Errorf("%q is shown as %s, want %s", word, got, want)
		}
	}
}

func TestDecide(t *testing.T) {
	tests := []struct {
		name     string
		request  consent.Request
		want     []consent.Sink
		reason   string
		warnings int
	}{
		{name: "silence is not consent", reason: "not set"},
		{name: "blank is silence", request: consent.Request{Telemetry: " , "}, reason: "not set"},
		{name: "off", request: consent.Request{Telemetry: "off"}, reason: "is off"},
		{name: "off wins over a sink in the same list", request: consent.Request{Telemetry: "otlp,off"}, reason: "is off"},
		{name: "one sink", request: consent.Request{Telemetry: "otlp"}, want: []consent.Sink{consent.OTLP}, reason: "asks for otlp"},
		{name: "a list with blanks, case and repetition", request: consent.Request{Telemetry: " Console, OTLP ,console"},
			want: []consent.Sink{consent.Console, consent.OTLP}},
		{name: "an unknown sink is left out", request: consent.Request{Telemetry: "console,oltp"},
			want: []consent.Sink{consent.Console}, warnings: 1, reason: `has "oltp", which is no destination`},
		{name: "nothing but an unknown sink", request: consent.Request{Telemetry: "true"}, warnings: 1,
			reason: `SPANPIPE_TELEMETRY has "true", which is no destination; without a destination, telemetry is off`},
		{name: "DO_NOT_TRACK vetoes the network", request: consent.Request{Telemetry: "console,otlp", DoNotTrack: "1"},
			want: []consent.Sink{consent.Console}, reason: "DO_NOT_TRACK"},
		{name: "DO_NOT_TRACK allows what stays on this machine", request: consent.Request{Telemetry: "local,otlp", DoNotTrack: "1"},
			want: []consent.Sink{consent.Local}, reason: "DO_NOT_TRACK"},
		{name: "OTEL_SDK_DISABLED vetoes the store", request: consent.Request{Telemetry: "local", SDKDisabled: []string{"true"}},
			reason: "OTEL_SDK_DISABLED"},
		{name: "any other value of DO_NOT_TRACK too", request: consent.Request{Telemetry: "otlp", DoNotTrack: "yes please"}, reason: "DO_NOT_TRACK"},
		{name: "DO_NOT_TRACK=0 is not a veto", request: consent.Request{Telemetry: "otlp", DoNotTrack: "0"}, want: []consent.Sink{consent.OTLP}},
		{name: "OTEL_SDK_DISABLED vetoes all", request: consent.Request{Telemetry: "console,otlp", SDKDisabled: []string{"True"}}, reason: "OTEL_SDK_DISABLED"},
		{name: "only true disables the SDK", request: consent.Request{Telemetry: "otlp", SDKDisabled: []string{"1"}}, want: []consent.Sink{consent.OTLP}},
		{name: "either form of OTEL_SDK_DISABLED is a veto", reason: "OTEL_SDK_DISABLED",
			request: consent.Request{Telemetry: "otlp", SDKDisabled: []string{"false", " TRUE "}}},
		{name: "off in the variable wins over the flag", reason: "is off",
			request: consent.Request{Telemetry: "otlp", Variable: "Console, OFF"}},
		{name: "the flag replaces a variable without off", want: []consent.Sink{consent.Console}, reason: "asks for console",
			request: consent.Request{Telemetry: "console", Variable: "otlp"}},
		{name: "vetoes add up", request: consent.Request{Telemetry: "console,otlp", SDKDisabled: []string{"true"}, DoNotTrack: "0"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, warnings := consent.Decide(tt.request)
			if got := p.Sinks(); !slices.Equal(got, tt.want) {
				t.Errorf("Sinks() = %q, want %q", got, tt.want)
			}
			if p.On() != (len(tt.want) > 0) {
				t.Errorf("On() = %v with sinks %q", p.On(), tt.want)
			}
			for _, s := range []consent.Sink{consent.Console, consent.Local, consent.OTLP} {
				if p.Has(s) != slices.Contains(tt.want, s) {
					t.Errorf("Has(%q) = %v", s, p.Has(s))
				}
			}
			if got := strings.Join(p.Reasons(), "; "); !strings.Contains(got, tt.reason) {
				t.Errorf("Reasons() = %q, want it to contain %q", got, tt.reason)
			}
			if len(warnings) != tt.warnings {
				t.Errorf("warnings = %q, want %d", warnings, tt.warnings)
			}
		})
	}
}

func TestDecideIsImmutable(t *testing.T) {
	p, _ := consent.Decide(consent.Request{Telemetry: "console,otlp"})
	p.Sinks()[0] = "elsewhere"
	p.Reasons()[0] = "because"
	if p.Has("elsewhere") || p.Reasons()[0] == "because" {
		t.Error("a caller could change the policy")
	}
}

func TestWarningsDoNotEchoControlCharacters(t *testing.T) {
	_, warnings := consent.Decide(consent.Request{Telemetry: "\x1b[31mred" + strings.Repeat("x", 1000)})
	if len(warnings) != 1 || strings.ContainsRune(warnings[0].Text, 0x1b) || len(warnings[0].Text) > 300 {
		t.Errorf("warnings = %q", warnings)
	}
}

func TestNoneWins(t *testing.T) {
	p, warnings := consent.Decide(consent.Request{Telemetry: "otlp", Capture: "arguments,none"})
	if p.Capture().Any() || len(warnings) != 0 {
		t.Errorf("capture %v, warnings %q", p.Capture().Levels(), warnings)
	}
}

// An unusable privacy setting disables capture, and its warning does not quote what the user wants to hide.
func TestUnusableCaptureCapturesNothing(t *testing.T) {
	for name, r := range map[string]consent.Request{
		"unknown level":            {Capture: "arguments,resluts"},
		"keys before a level":      {Capture: "arguments,keys:a,results"},
		"no keys":                  {Capture: "arguments,keys:"},
		"empty part of a key":      {Capture: "arguments,keys:a..b"},
		"keys of nothing":          {Capture: "errors,keys:a"},
		"size in words":            {Capture: "arguments", CaptureMax: "lots"},
		"size too large":           {Capture: "arguments", CaptureMax: "70000"},
		"pattern without name":     {Capture: "arguments", Redact: "hunter2"},
		"pattern with a bad name":  {Capture: "arguments", Redact: "a b=hunter2"},
		"pattern with a long name": {Capture: "arguments", Redact: strings.Repeat("a", 33) + "=hunter2"},
		"expression is wrong":      {Capture: "arguments", Redact: "a=hunter2("},
		"expression matches all":   {Capture: "arguments", Redact: "a=(hunter2)*"},
	} {
		t.Run(name, func(t *testing.T) {
			r.Telemetry = "otlp"
			p, warnings := consent.Decide(r)
			if p.Capture().Any() || !p.On() || len(warnings) != 1 {
				t.Fatalf("capture %v, on %v, warnings %q", p.Capture().Levels(), p.On(), warnings)
			}
			if strings.Contains(warnings[0].Text, "hunter2") || !strings.Contains(warnings[0].Text, "no content is captured") {
				t.Errorf("warning = %q", warnings[0].Text)
			}
		})
	}
}

// TestVeto: of a sink that was asked for and is left out, the reason is that sink's, whatever else is left out after it.
func TestVeto(t *testing.T) {
	p, _ := consent.Decide(consent.Request{
		Telemetry: "local,otlp", Capture: "errors", DoNotTrack: "1",
		Fleet: consent.Fleet{File: "FILE", Sinks: []consent.Sink{consent.Local}, Capture: []consent.Level{consent.Errors}},
	})
	for sink, want := range map[consent.Sink]string{
		consent.OTLP: "DO_NOT_TRACK is set: no network connection is opened", consent.Local: "FILE forbids local", consent.Prometheus: "",
	} {
		if got := p.Veto(sink); got != want {
			t.Errorf("the veto of %s is %q, want %q", sink, got, want)
		}
	}
}

// TestFleet: a fleet only removes, and no veto of the user's is outvoted.
func TestFleet(t *testing.T) {
	everything := "console,local,otlp,prometheus"
	forbids := consent.Fleet{File: "FILE", Sinks: []consent.Sink{consent.OTLP}, Capture: []consent.Level{consent.Results}}
	for _, test := range []struct {
		name    string
		request consent.Request
		sinks   []consent.Sink
		capture []consent.Level
		listens bool
		reason  string
	}{
		{"forbids", consent.Request{Telemetry: everything, Capture: "errors,results", Fleet: forbids},
			[]consent.Sink{consent.Console, consent.Local, consent.Prometheus}, []consent.Level{consent.Errors}, true,
			"FILE forbids otlp; FILE forbids capturing results"},
		{"forbids what was not asked for", consent.Request{Telemetry: "console", Capture: "errors", Fleet: forbids},
			[]consent.Sink{consent.Console}, []consent.Level{consent.Errors}, true, "SPANPIPE_TELEMETRY asks for console"},
		{"forbids the last sink", consent.Request{Telemetry: "otlp", Capture: "errors", Fleet: forbids}, nil, nil, false, "FILE forbids otlp"},
		{"forbids the last kind", consent.Request{Telemetry: "console", Capture: "results, keys:a", Fleet: forbids},
			[]consent.Sink{consent.Console}, nil, true, "FILE forbids capturing results"},
		{"no page without the sink", consent.Request{Telemetry: everything, Fleet: consent.Fleet{File: "FILE", Sinks: []consent.Sink{consent.Prometheus}}},
			[]consent.Sink{consent.Console, consent.Local, consent.OTLP}, nil, false, "FILE forbids prometheus"},
		{"cannot be used", consent.Request{Telemetry: everything, Capture: "errors,definitions", Fleet: consent.Fleet{File: "FILE", Unusable: true}},
			[]consent.Sink{consent.Console, consent.Local}, nil, false, "FILE cannot be used: otlp is not allowed"},
		{"turns nothing on", consent.Request{Fleet: forbids}, nil, nil, false, "SPANPIPE_TELEMETRY is not set"},
		{"off stays off", consent.Request{Telemetry: "off", Variable: "off", Fleet: consent.Fleet{File: "FILE", Unusable: true}}, nil, nil, false, "is off"},
		{"vetoes add up", consent.Request{Telemetry: everything, DoNotTrack: "1", Fleet: consent.Fleet{File: "FILE", Sinks: []consent.Sink{consent.Local}}},
			[]consent.Sink{consent.Console}, nil, false, "FILE forbids local"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, warnings := consent.Decide(test.request)
			if !slices.Equal(p.Sinks(), test.sinks) || !slices.Equal(p.Capture().Levels(), test.capture) || p.MayListen() != test.listens || len(warnings) > 0 {
				t.Errorf("sinks %v, capture %v, listens %v, warnings %v", p.Sinks(), p.Capture().Levels(), p.MayListen(), warnings)
			}
			if got := strings.Join(p.Reasons(), "; "); !strings.Contains(got, test.reason) {
				t.Errorf("reasons %q", got)
			}
			free := test.request
			free.Fleet = consent.Fleet{}
			all, _ := consent.Decide(free)
			for _, s := range p.Sinks() {
				if !all.Has(s) {
					t.Errorf("a fleet adds %s", s)
				}
			}
		})
	}
	for _, f := range []consent.Fleet{forbids, {File: "FILE", Unusable: true}} {
		p, _ := consent.Preview(consent.Request{Capture: "errors,results", Fleet: f})
		if want := !f.Unusable; !p.Has(consent.OTLP) || p.MayListen() || p.Capture().Has(consent.Results) || p.Capture().Has(consent.Errors) != want {
			t.Errorf("a preview has %v and %v", p.Sinks(), p.Capture().Levels())
		}
	}
}

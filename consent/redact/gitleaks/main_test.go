package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/zricethezav/gitleaks/v8/detect"
)

// The embedded rules are those of the required version. A bump of the version fails here until they are written anew.
func TestRulesAreCurrent(t *testing.T) {
	var want bytes.Buffer
	if err := write(&want); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../rules.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	// The version is known to a built command only, not to a test of it.
	_, wantRules, _ := bytes.Cut(want.Bytes(), []byte("\n"))
	_, gotRules, _ := bytes.Cut(got, []byte("\n"))
	if !bytes.Equal(gotRules, wantRules) {
		t.Error("../rules.jsonl is not what the required version of gitleaks says; write it with: go run . > ../rules.jsonl")
	}
}

// What the redactor is measured against: gitleaks' own detector on 4 KiB of tool arguments.
func BenchmarkDetector(b *testing.B) {
	const item = `{"query":"find the three most recent pull requests that touch the parser","limit":25,"path":"src/internal/parser/scan.go",` +
		`"id":"f47ac10b-58cc-4372-a567-0e02b2c3d479","assignee":"alice@example.com","api_key":"abcdef0123456789","note":"call +49 30 901820"},`
	in := strings.Repeat(item, 4096/len(item))
	d, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		d.DetectString(in)
	}
}

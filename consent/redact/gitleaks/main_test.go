package main

import (
	"bytes"
	"os"
	"testing"
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

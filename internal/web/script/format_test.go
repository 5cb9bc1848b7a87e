// Package script_test runs the tests of the page's code that need no browser.
package script_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/spanpipe/spanpipe/internal/view"
)

var update = flag.Bool("update", false, "write the files in testdata anew")

// vector is a value with the text that package view makes of it.
type vector struct {
	Value float64 `json:"value"`
	Text  string  `json:"text"`
}

// vectors are by the name of the page's function that must do the same.
func vectors() map[string][]vector {
	all := map[string][]vector{}
	for _, d := range []time.Duration{
		0, 1, 499, 500, 812 * time.Microsecond, 999499, 999500, time.Millisecond, 1250 * time.Microsecond, 3200 * time.Microsecond, 3349600,
		9949 * time.Microsecond, 9950 * time.Microsecond, 10 * time.Millisecond, 47 * time.Millisecond, 47500 * time.Microsecond,
		999499 * time.Microsecond, 999500 * time.Microsecond, time.Second, 1125 * time.Millisecond, 1250 * time.Millisecond,
		1310 * time.Millisecond, 1375 * time.Millisecond, 9994 * time.Millisecond, 9995 * time.Millisecond, 12400 * time.Millisecond,
		12250 * time.Millisecond, 99949 * time.Millisecond, 99950 * time.Millisecond, 100 * time.Second, 184 * time.Second, 241 * time.Second,
		3599400 * time.Millisecond, 3599500 * time.Millisecond, time.Hour, 76 * time.Minute, 100*time.Hour + 29*time.Second,
		100*time.Hour + 30*time.Second,
	} {
		all["duration"] = append(all["duration"], vector{d.Seconds(), view.Duration(d)})
	}
	for _, n := range []int64{
		0, 1, 999, 1000, 1049, 1050, 1250, 1449, 1450, 1750, 9949, 9950, 10_500, 11_500, 99_500, 999_499, 999_500, 1_600_000, 66_600_000,
		999_499_999, 999_500_000, 84_000_000_000, 2_000_000_000_000,
	} {
		all["size"] = append(all["size"], vector{float64(n), view.Size(n)})
	}
	for _, n := range []int64{0, 1, 900, 999, 1000, 1049, 1050, 1250, 1750, 2800, 18_300, 999_949, 999_950, 1_250_000, 12_000_000} {
		all["tokens"] = append(all["tokens"], vector{float64(n), view.Tokens(n)})
	}
	for _, n := range []int{0, 1, 12, 999, 1000, 1204, 50_412, 999_999, 1_000_000} {
		all["count"] = append(all["count"], vector{float64(n), view.Number(n)})
	}
	return all
}

// The page writes figures as the terminal does. What the terminal writes is in testdata/format.json, which format.test.mjs reads.
func TestFormats(t *testing.T) {
	const file = "testdata/format.json"
	want, err := json.MarshalIndent(vectors(), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(file, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what package view writes: run go test ./internal/web/script -run %s -update", file, t.Name())
	}
}

// TestPeersScripts runs the tests of the page's code that need no browser.
func TestPeersScripts(t *testing.T) {
	node := os.Getenv("SPANPIPE_TEST_NODE")
	if node == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("SPANPIPE_TEST_NODE is not set, which CI must do")
		}
		t.Skip(`SPANPIPE_TEST_NODE is not set: eval "$(.ci/fetch --env node)"`)
	}
	scripts, err := filepath.Glob("*.test.mjs")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("there are no tests of scripts: %v", err)
	}
	for _, zone := range []string{"UTC", "Pacific/Auckland", "America/New_York"} {
		command := exec.CommandContext(t.Context(), node, append([]string{"--test"}, scripts...)...)
		command.Env = append(os.Environ(), "TZ="+zone)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("in %s: %v\n%s", zone, err, out)
		}
	}
}

package cli_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/cli"
	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

var update = flag.Bool("update", false, "rewrite the generated parts of the documents")

// TestDocuments holds the tables of TELEMETRY.md against those of the code. A generated part stands between
// <!-- generated:NAME --> and <!-- end -->.
func TestDocuments(t *testing.T) {
	parts := map[string]string{
		"settings":   settingsTable(),
		"metrics":    metricsTable(),
		"examples":   metricsExamples(),
		"records":    recordsTable(),
		"recorded":   recordsExamples(),
		"operation":  attributesTable(semconv.OperationAttributes()),
		"content":    attributesTable(semconv.ContentAttributes()),
		"session":    attributesTable(semconv.SessionAttributes()),
		"violations": violationsTable(),
		"resource":   attributesTable(semconv.ResourceAttributes()),
		"failure":    attributesTable(semconv.FailureAttributes()),
		"errortypes": wordsTable(semconv.ErrorTypes()),
		"stalls":     wordsTable(semconv.Stalls()),
		"losses":     wordsTable(semconv.LossReasons()),
		"buckets":    bucketsText(),
	}
	generated(t, "../../TELEMETRY.md", "TestDocuments", parts)
}

// generated holds the generated parts of a document against what they should be.
func generated(t *testing.T, file, test string, parts map[string]string) {
	t.Helper()
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(old)
	for name, want := range parts {
		part := regexp.MustCompile(`(?s)(<!-- generated:` + name + ` -->\n).*?(<!-- end -->)`)
		if !part.MatchString(text) {
			t.Errorf("%s has no part %q", file, name)
			continue
		}
		text = part.ReplaceAllStringFunc(text, func(s string) string {
			m := part.FindStringSubmatch(s)
			return m[1] + "\n" + want + "\n" + m[2]
		})
	}
	if text == string(old) {
		return
	}
	if !*update {
		t.Fatalf("%s does not say what the code does; rewrite it with: go test ./internal/cli -run %s -update", file, test)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func settingsTable() string {
	b := "| variable | flag | default | what it sets |\n|---|---|---|---|\n"
	for _, s := range cli.Settings() {
		head := "`--" + s.Flag + "`"
		initial := s.Default
		if initial == "" {
			initial = "none"
		}
		b += fmt.Sprintf("| `%s` | %s | %s | %s |\n", s.Variable(), head, initial, s.Usage)
	}
	return b
}

func metricsTable() string {
	b := "| instrument | form, unit | what it says | attributes |\n|---|---|---|---|\n"
	for _, i := range semconv.Instruments() {
		attributes := "none"
		if len(i.Attributes) > 0 {
			attributes = "`" + strings.Join(i.Attributes, "`, `") + "`"
		}
		b += fmt.Sprintf("| `%s` | %s, %s | %s | %s |\n", i.Name, i.Form, i.Unit, i.Description, attributes)
	}
	return b
}

// bucketsText lists the boundaries of histograms.
func bucketsText() string {
	return fmt.Sprintf("Durations: %v s.\n\nSessions: %v s.\n\nSizes: %.0f bytes.\n",
		semconv.DurationBuckets(), semconv.SessionBuckets(), semconv.SizeBuckets())
}

// metricsExamples is a series of every instrument, as the test of all instruments has seen it arrive.
func metricsExamples() string {
	b := "```text\n"
	for _, i := range semconv.Instruments() {
		b += i.Name + " " + i.Example + "\n"
	}
	return b + "```\n"
}

func recordsTable() string {
	b := "| record | level | when and what | attributes |\n|---|---|---|---|\n"
	for _, r := range semconv.Records() {
		b += fmt.Sprintf("| %s | %s | %s | `%s` |\n", r.Message, r.Level, r.When, strings.Join(r.Attributes, "`, `"))
	}
	return b
}

func recordsExamples() string {
	b := "```text\n"
	for _, r := range semconv.Records() {
		b += r.Message + " " + r.Example + "\n"
	}
	return b + "```\n"
}

func violationsTable() string {
	b := "| `" + semconv.Violation + "` | level | what is wrong | the result | what to do |\n|---|---|---|---|---|\n"
	for _, v := range semconv.Violations() {
		b += fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", v.Kind, v.Level, v.Cause, v.Effect, v.Remedy)
	}
	return b
}

func attributesTable(all []semconv.Attribute) string {
	b := "| attribute | type | when and what | example |\n|---|---|---|---|\n"
	for _, a := range all {
		b += fmt.Sprintf("| `%s` | %s | %s | `%s` |\n", a.Key, a.Type, a.When, a.Example)
	}
	return b
}

func wordsTable(all []semconv.Word) string {
	b := "| value | meaning |\n|---|---|\n"
	for _, w := range all {
		b += fmt.Sprintf("| `%s` | %s |\n", w.Value, w.Meaning)
	}
	return b
}

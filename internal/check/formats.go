package check

import (
	"fmt"
	"io"
	"strings"

	"github.com/spanpipe/spanpipe/internal/junit"
)

// Heading returns the line about a result that is not good, and how it was found: "p95 get_forecast: 812ms, budget 500ms".
func (r *Result) Heading() string {
	switch {
	case r.State == NotJudged:
		return r.Title() + ": " + r.Why
	case r.Unit == "" && r.State == Passed:
		return r.Title() + ": " + r.Measured
	case r.Unit == "":
		return r.Title() + ": " + r.Measured + ", want " + r.Allowed
	}
	return r.Title() + ": " + r.Measured + ", budget " + r.Allowed
}

// text returns all of a result, line by line.
func (r *Result) text() string {
	lines := append([]string{r.Heading()}, r.Details...)
	if r.Next != "" {
		lines = append(lines, r.Next)
	}
	return strings.Join(lines, "\n")
}

// JUnit writes the results in JUnit's XML: a suite for each session or group of sessions, a test for each result. What was not judged
// is skipped.
func JUnit(out io.Writer, results []Result) error {
	var suites []junit.Suite
	places := map[string]int{}
	for i := range results {
		r := &results[i]
		name := strings.Join(r.Sessions, ", ")
		at, ok := places[name]
		if !ok {
			at = len(suites)
			places[name] = at
			suites = append(suites, junit.Suite{Name: "spanpipe check " + name})
		}
		c := junit.Case{Class: "spanpipe.check." + string(r.Rule), Name: r.Title()}
		switch r.State {
		case Failed:
			c.Failure = &junit.Failure{Message: r.Heading(), Text: r.text()}
		case NotJudged:
			c.Skipped = r.Why
		case Passed:
		}
		suites[at].Cases = append(suites[at].Cases, c)
	}
	return junit.Write(out, suites...)
}

// GitHub writes an annotation for each result that has failed, as a command of GitHub's workflows. The annotation is at the budget in
// the file of rules; file is "" if there is none.
func GitHub(out io.Writer, file string, results []Result) error {
	for i := range results {
		r := &results[i]
		if r.State != Failed {
			continue
		}
		at := ""
		if file != "" && r.Line > 0 {
			at = fmt.Sprintf("file=%s,line=%d,", property(file), r.Line)
		}
		text := strings.Join(r.Sessions, ", ") + ": " + r.text()
		if _, err := fmt.Fprintf(out, "::error %stitle=%s::%s\n", at, property("spanpipe check: "+r.Title()), data(text)); err != nil {
			return err
		}
	}
	return nil
}

// data escapes the text of a command, and property the value of one of its properties, as actions/toolkit does
// (packages/core/src/command.ts).
func data(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func property(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(text)
}

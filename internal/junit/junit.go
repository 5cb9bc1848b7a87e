// Package junit writes reports in the XML of JUnit, as continuous integration reads it. There is no official schema; this is
// the part of it that Jenkins, GitLab and GitHub's actions have in common.
package junit

import (
	"encoding/xml"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Suite is a suite of tests.
type Suite struct {
	Name  string
	Cases []Case
}

// Case is a test: it has passed, unless it has a failure.
type Case struct {
	Class    string // what it belongs to, such as a file
	Name     string
	Duration time.Duration // 0 if it was not measured
	Failure  *Failure
	Skipped  string // why it was not run; empty if it was
}

// Failure is why a test has failed.
type Failure struct {
	Message string // one line
	Text    string // all of it
}

type (
	suites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Suites   []suite  `xml:"testsuite"`
	}
	suite struct {
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Cases    []testcase `xml:"testcase"`
	}
	testcase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Time    float64  `xml:"time,attr"` // s
		Failure *failure `xml:"failure"`
		Skipped *skipped `xml:"skipped"`
	}
	failure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	skipped struct {
		Message string `xml:"message,attr"`
	}
)

// Write writes a report.
func Write(out io.Writer, all ...Suite) error {
	var report suites
	for _, s := range all {
		written := suite{Name: text(s.Name), Tests: len(s.Cases)}
		for _, c := range s.Cases {
			one := testcase{Class: text(c.Class), Name: text(c.Name), Time: c.Duration.Seconds()}
			if c.Failure != nil {
				one.Failure = &failure{text(c.Failure.Message), text(c.Failure.Text)}
				written.Failures++
			} else if c.Skipped != "" {
				one.Skipped = &skipped{text(c.Skipped)}
				written.Skipped++
			}
			written.Cases = append(written.Cases, one)
		}
		report.Tests, report.Failures = report.Tests+written.Tests, report.Failures+written.Failures
		report.Suites = append(report.Suites, written)
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

// text replaces what XML 1.0 cannot hold, section 2.2: names and texts come from servers.
func text(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xFFFE && r != 0xFFFF {
			return r
		}
		return utf8.RuneError
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
}

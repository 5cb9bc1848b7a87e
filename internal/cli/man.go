package cli

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"
)

func (a *app) manCommand() *cli.Command {
	return &cli.Command{
		Name:  "man",
		Usage: "print the manual page",
		Description: `Packages and archives bring it as spanpipe(1). To read it without them, on
systems that have man:

   spanpipe man | man -l -

Exit status: 0, or 2 if the command line is invalid.`,
		Action: func(c *cli.Context) error {
			_, err := io.WriteString(a.Stdout, a.manual(c.App))
			return err
		},
	}
}

// manual returns the manual page, in the macros of man(7), which man-db, mandoc and the systems' older formatters all read. It has what
// help has, from the same tables.
func (a *app) manual(program *cli.App) string {
	m, build := &manual{}, a.Build.complete()
	date := ""
	if len(build.Date) >= len("2006-01-02") {
		date = build.Date[:len("2006-01-02")]
	}
	m.WriteString(`.TH SPANPIPE 1 "` + date + `" "spanpipe ` + roff(build.Version) + `" "User Commands"` + "\n")
	m.WriteString(".nh\n.ad l\n") // no hyphens in names, no gaps
	m.heading("SH", "NAME")
	m.line(program.Name + ` \- ` + roff(program.Usage))
	m.heading("SH", "SYNOPSIS")
	m.usage(program.UsageText)
	what, exit, _ := strings.Cut(program.Description, "\n\nExit status: ")
	m.heading("SH", "DESCRIPTION")
	m.text(what)
	m.heading("SH", "OPTIONS")
	m.flags(program.VisibleFlags())
	m.heading("SH", "COMMANDS")
	m.commands(program)
	m.heading("SH", "ENVIRONMENT")
	m.text("Each setting is a flag and an environment variable; the flag takes precedence.")
	for _, s := range a.settings {
		m.setting(s)
	}
	m.heading("SH", "EXIT STATUS")
	m.text(strings.ToUpper(exit[:1]) + exit[1:])
	m.heading("SH", "FILES")
	m.item("~/.local/state/spanpipe", "what spanpipe keeps: stored sessions, and clients' files as they were before spanpipe install")
	m.item("/etc/spanpipe/policy.yaml", "what administrators allow on this machine (macOS: /Library/Application Support/spanpipe/policy.yaml)")
	m.heading("SH", "SEE ALSO")
	m.text("All that is collected, guides, and what teams run beside spanpipe: https://github.com/spanpipe/spanpipe, which packages bring " +
		"to /usr/share/doc/spanpipe.")
	return m.String()
}

// manual writes a page in roff.
type manual struct {
	strings.Builder
	headed bool // the last line is a heading, which a paragraph follows anyway
}

// heading begins a section (SH) or a part of one (SS).
func (m *manual) heading(macro, title string) {
	m.WriteString("." + macro + ` "` + roff(title) + "\"\n")
	m.headed = true
}

// paragraph begins a paragraph.
func (m *manual) paragraph() {
	if !m.headed {
		m.WriteString(".PP\n")
	}
	m.headed = false
}

// line writes a line of text that is roff already.
func (m *manual) line(s string) {
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, `\(aq`) {
		s = `\&` + s
	}
	m.WriteString(s + "\n")
}

// item writes a term and what it means.
func (m *manual) item(term, meaning string) {
	m.WriteString(".TP\n")
	m.line(`\fB` + roff(term) + `\fR`)
	m.line(roff(meaning))
	m.headed = false
}

// usage writes the lines of a usage text.
func (m *manual) usage(text string) {
	m.WriteString(".nf\n")
	for line := range strings.Lines(text) {
		m.line(`\fB` + roff(strings.TrimSpace(line)) + `\fR`)
	}
	m.WriteString(".fi\n")
	m.headed = false
}

// flags writes the flags of a command or of the program.
func (m *manual) flags(flags []cli.Flag) {
	for _, f := range flags {
		if head, usage, ok := strings.Cut(f.String(), "\t"); ok {
			m.item(head, usage)
		}
	}
}

func (m *manual) setting(s *setting) {
	meaning := s.Usage
	if s.Value != "" && s.Default != "" {
		meaning += "; default: " + s.Default
	}
	m.item(strings.TrimSpace("--"+s.Flag+" "+s.Value)+", "+s.Variable(), meaning)
}

// commands writes the commands in the order of help.
func (m *manual) commands(program *cli.App) {
	left := program.VisibleCommands()
	write := func(name string) {
		for i, c := range left {
			if c.Name == name {
				m.command(c)
				left = append(left[:i:i], left[i+1:]...)
				return
			}
		}
	}
	for _, g := range groups() {
		for _, name := range strings.Fields(g.names) {
			write(name)
		}
	}
	for len(left) > 0 {
		write(left[0].Name)
	}
}

func (m *manual) command(c *cli.Command) {
	m.heading("SS", "spanpipe "+c.Name)
	m.text(strings.ToUpper(c.Usage[:1]) + c.Usage[1:] + ".")
	m.paragraph()
	m.usage(cmp.Or(c.UsageText, "spanpipe "+c.Name+" [flags]"))
	var own []cli.Flag
	for _, f := range c.VisibleFlags() {
		if f.Names()[0] != "help" {
			own = append(own, f)
		}
	}
	m.flags(own)
	m.text(c.Description)
	if len(c.Flags) > len(c.VisibleFlags()) {
		m.text("The settings under ENVIRONMENT apply as well.")
	}
}

// text writes the paragraphs of a description: running text, examples, and lists of terms with what they mean.
func (m *manual) text(description string) {
	for paragraph := range strings.SplitSeq(strings.Trim(description, "\n"), "\n\n") {
		if paragraph == "" {
			continue
		}
		lines := strings.Split(paragraph, "\n")
		if terms := termsOf(lines); terms != nil {
			for _, t := range terms {
				m.item(t[0], t[1])
			}
			continue
		}
		m.paragraph()
		if columns.MatchString(paragraph) {
			m.verbatim(lines)
			continue
		}
		for _, line := range lines {
			m.line(roff(line))
		}
	}
}

// verbatim writes lines as they stand.
func (m *manual) verbatim(lines []string) {
	m.WriteString(".nf\n")
	for _, line := range lines {
		m.line(roff(strings.TrimPrefix(line, "   ")))
	}
	m.WriteString(".fi\n")
}

// columns matches what is to be printed as it stands: lines that are indented, and what is arranged in columns.
var columns = regexp.MustCompile(`(?m)^ |\S {3}`)

// termLine matches a line of a list: a term, and behind at least two spaces what it means.
var termLine = regexp.MustCompile(`^(\S.*?) {2,}(\S.*)$`)

// termsOf returns the terms of a list with what they mean, or nothing if the lines are no list.
func termsOf(lines []string) (terms [][2]string) {
	for _, line := range lines {
		line = strings.TrimPrefix(line, "   ")
		if found := termLine.FindStringSubmatch(line); found != nil && !columns.MatchString(found[2]) {
			terms = append(terms, [2]string{found[1], found[2]})
		} else if n := len(terms) - 1; n >= 0 && strings.HasPrefix(line, " ") {
			terms[n][1] += " " + strings.TrimSpace(line)
		} else {
			return nil
		}
	}
	return terms
}

// roff returns a text such that formatters print it as it stands: what they would take for an instruction, or make prettier than what a
// shell accepts, is escaped.
func roff(s string) string {
	var out strings.Builder
	for _, r := range s {
		switch {
		case r == '\\':
			out.WriteString(`\e`)
		case r == '-':
			out.WriteString(`\-`)
		case r == '\'':
			out.WriteString(`\(aq`)
		case r == '"':
			out.WriteString(`\(dq`)
		case r == '`':
			out.WriteString(`\(ga`)
		case r == '^':
			out.WriteString(`\(ha`)
		case r == '~':
			out.WriteString(`\(ti`)
		case r > '~':
			fmt.Fprintf(&out, `\[u%04X]`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

package cli

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/spanpipe/spanpipe/internal/export"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
)

func (a *app) exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write a stored session as a page, OTLP JSON or records",
		UsageText: "spanpipe export --format FORMAT [-o FILE] [SESSION]",
		Description: `Writes a stored session, the newest if none is named, to a file or to stdout:

   html    a page for people: one file that needs no network and no script
   otlp    the spans, log records and metrics as they are stored: OTLP JSON, one
           message a line, which the collector's otlp_json_file receiver reads
   jsonl   the session's records as JSON, one a line, see docs/json.md

   spanpipe export --format html -o session.html last

A file that exists is not replaced without --force. The file can be read by you
alone. Captured content is left out unless you say --content: everyone who gets
the file can read it.

Exit status: 0; 2 if the command line is invalid, there is no such session, or
the file exists; 125 if the file cannot be written.`,
		Flags: a.flags(
			oneOf{&cli.StringFlag{Name: "format", Usage: "`FORMAT`: html, otlp, jsonl; else by the file's ending"}, "html otlp jsonl"},
			&cli.StringFlag{Name: "out", Aliases: []string{"o"}, TakesFile: true, Usage: "write to `FILE`; - is stdout, the default"},
			&cli.BoolFlag{Name: "force", DisableDefaultText: true, Usage: "replace a file that exists"},
			&cli.BoolFlag{Name: "content", DisableDefaultText: true, Usage: "include captured content"},
		),
		Action: a.export,
	}
}

// formats are the formats by the endings of files.
var formats = map[string]string{".html": "html", ".htm": "html", ".json": "otlp", ".jsonl": "jsonl"}

func (a *app) export(c *cli.Context) error {
	path, format := c.String("out"), c.String("format")
	if path == "-" {
		path = ""
	}
	if format == "" {
		format = formats[filepath.Ext(path)]
	}
	switch format {
	case "html", "otlp", "jsonl":
	case "":
		return &usageError{"no format to export", "for example: spanpipe export --format html -o session.html " + cmp.Or(c.Args().First(), "last")}
	default:
		return &usageError{"--format " + format + ": want html, otlp or jsonl", "see: spanpipe help export"}
	}
	if c.NArg() > 1 || a.dashes {
		return &usageError{"export takes one session", "see: spanpipe help export"}
	}
	if path == "" && format == "html" && isTerminal(a.Stdout) {
		return &usageError{"a page is for a browser, not for a terminal", "write it to a file: spanpipe export -o session.html " + cmp.Or(c.Args().First(), "last")}
	}
	stored, err := a.look()
	if err != nil {
		return err
	}
	session, err := a.findSession(stored, c.Args().First())
	if err != nil {
		return err
	}
	if !session.Detail && session.State != store.Live {
		return &usageError{"of session " + session.Name + " only a summary is stored any more", "list the others: spanpipe sessions"}
	}
	write := func(w io.Writer) error { return a.exportTo(w, format, &session, c.Bool("content")) }
	if path == "" {
		out := bufio.NewWriter(a.Stdout)
		if format != "html" && isTerminal(a.Stdout) {
			return errors.Join(write(plainJSON{out}), out.Flush())
		}
		return errors.Join(write(out), out.Flush())
	}
	if err := writeFile(path, c.Bool("force"), write); errors.Is(err, fs.ErrExist) {
		return &usageError{path + " exists", "name another file, or replace it: --force"}
	} else if err != nil {
		return err
	}
	return nil
}

// exportTo writes a session in a format.
func (a *app) exportTo(w io.Writer, format string, s *store.Session, content bool) error {
	damaged, err := a.write(w, format, s, content)
	if err == nil && s.Problem != "" {
		a.warn("session " + s.Name + ": " + s.Problem)
	}
	if err == nil && damaged > 0 {
		a.warn(fmt.Sprintf("session %s: left out %s that could not be read", s.Name, view.Plural(damaged, "line")))
	}
	return err
}

// write returns how many lines of the session are damaged.
func (a *app) write(w io.Writer, format string, s *store.Session, content bool) (damaged int, err error) {
	if format == "otlp" {
		return export.OTLP(w, s, content)
	}
	r, err := s.Load()
	if err != nil {
		return 0, err
	}
	if format == "jsonl" {
		return r.Damaged, export.Records(w, s, r, content)
	}
	v := (&shown{app: a, session: *s, records: r}).viewed()
	return r.Damaged, export.Page(w, s, r, v, export.Options{Content: content, Version: a.Build.complete().Version})
}

// writeFile makes a file that only this user can read, in one step: a reader sees all of it or nothing. Without force it
// replaces none; the error is fs.ErrExist then.
func writeFile(path string, force bool, write func(io.Writer) error) error {
	if _, err := os.Lstat(path); err == nil && !force {
		return fs.ErrExist
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("writing %s: %w", path, e.Err)
	} else if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // unless it has its name by then
	out := bufio.NewWriter(file)
	err = errors.Join(write(out), out.Flush(), file.Close())
	if err != nil {
		return err
	}
	if force {
		return os.Rename(file.Name(), path)
	}
	// Unlike a rename, a link replaces nothing that came meanwhile. Not every file system has links.
	if err := os.Link(file.Name(), path); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(file.Name(), path)
}

package export

import (
	"cmp"
	"crypto/sha256"
	_ "embed" // the page's template and style
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/internal/view"
	"github.com/spanpipe/spanpipe/telemetry/record"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// Options is what a page shows beside the session.
type Options struct {
	Content bool           // captured content, too
	Version string         // of this program
	Zone    *time.Location // of the times
}

// axisColumns is how fine the bars are.
const axisColumns = 200

// page is what the template shows. Texts are safe to show: characters that control or reorder text are visible.
type page struct {
	Style      template.CSS
	StyleHash  string
	Server     string
	State      string
	StateClass string
	Started    string
	Summary    string
	Facts      []fact
	Remarks    []remark
	Rows       []row
	From, To   string // of the axis
	Folds      string
	Lines      []remark
	Version    string
	Note       string
	Zone       string
}

type fact struct{ Name, Value, Meaning string }

// moment is a time as a person and as a program reads it.
type moment struct{ Clock, Exact string }

type remark struct {
	At    moment
	Text  string
	Class string
}

// Page writes a session as a page of HTML. It is given its records as they are stored, and as package view takes them.
func Page(w io.Writer, s *store.Session, r *store.Records, v *view.Records, o Options) error {
	b, err := newBuilder(s, r, v, o)
	if err != nil {
		return err
	}
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return err
	}
	return t.Execute(w, b.page())
}

// builder makes the page's parts.
type builder struct {
	Options
	session *store.Session
	stored  *store.Records
	records *view.Records
	tree    *view.Tree
	axis    *view.Axis
	spans   map[string][]fact // attributes by span id
}

func newBuilder(s *store.Session, r *store.Records, v *view.Records, o Options) (*builder, error) {
	o.Zone = cmp.Or(o.Zone, time.Local)
	b := &builder{Options: o, session: s, stored: r, records: v}
	b.tree = view.NewTree(b.records, view.Choice{})
	b.axis = b.tree.Axis(axisColumns)
	var err error
	b.spans, err = attributes(s)
	return b, err
}

func (b *builder) page() *page {
	r := b.records
	sum := sha256.Sum256([]byte(pageStyle))
	word, color := r.Ending()
	p := &page{
		Style: template.CSS(pageStyle), StyleHash: base64.StdEncoding.EncodeToString(sum[:]), //nolint:gosec // a constant of this program
		Server: view.Safe(cmp.Or(b.session.ServerName(), "a server without a name")), State: word, StateClass: class(color),
		Started: r.Begin().In(b.Zone).Format("Mon 2 Jan 2006 15:04:05"), Summary: view.Count(r).String() + ".", Version: b.Version,
		From: b.at(b.axis.Time(0)).Clock, To: b.at(r.End()).Clock, Folds: b.folds(), Zone: r.Begin().In(b.Zone).Format("in MST (UTC-07:00)"),
		Note: "Captured content is not part of this page.",
	}
	if b.Content {
		p.Note = "Captured content is part of this page, redacted as it was stored."
	}
	p.Facts = b.facts()
	for _, m := range r.Remarks() {
		p.Remarks = append(p.Remarks, remark{b.at(m.Time), m.Text, class(m.Color)})
	}
	for i := range b.tree.Rows {
		if one, ok := b.row(&b.tree.Rows[i]); ok {
			p.Rows = append(p.Rows, one)
		}
	}
	if b.Content {
		p.Lines = b.lines()
	}
	return p
}

func (b *builder) at(t time.Time) moment {
	return moment{t.In(b.Zone).Format("15:04:05"), t.UTC().Format(time.RFC3339Nano)}
}

// facts returns what is known of the session as a whole.
func (b *builder) facts() []fact {
	r, s := b.records, b.session
	peer := func(p record.Peer) string { return strings.TrimSpace(view.Safe(p.Name) + " " + view.Safe(p.Version)) }
	all := []fact{
		{Name: "Client", Value: peer(r.Session.Client)}, {Name: "Server", Value: peer(r.Session.Server)},
		{Name: "Service", Value: view.Safe(s.Service)}, {Name: "Protocol", Value: view.Safe(r.Session.Protocol)},
		{Name: "Started", Value: r.Begin().In(b.Zone).Format("Mon 2 Jan 2006 15:04:05")},
		{Name: "Lasted", Value: view.Duration(r.End().Sub(r.Begin()))},
		{Name: "Session", Value: view.Safe(s.Name)}, {Name: "Id", Value: view.Safe(s.ID)},
		{Name: "Recorded by", Value: view.Safe("spanpipe " + s.Version)},
	}
	if b.stored.Damaged > 0 {
		all = append(all, fact{Name: "Damaged", Value: fmt.Sprintf("%d lines could not be read", b.stored.Damaged)})
	}
	return slices.DeleteFunc(all, func(f fact) bool { return f.Value == "" })
}

// lines returns what the server has logged.
func (b *builder) lines() []remark {
	var all []remark
	for _, n := range b.stored.Notes {
		if l, ok := n.(record.LogLine); ok {
			all = append(all, remark{At: b.at(l.Time), Text: strings.TrimSpace(view.Safe(l.Level) + " " + view.Safe(l.Text))})
		}
	}
	return all
}

// folds says how long the folded times are.
func (b *builder) folds() string {
	const most = 12
	var all []string
	for _, f := range b.axis.Folds() {
		all = append(all, view.Duration(f.To.Sub(f.From)))
	}
	if n := len(all) - most; n > 0 {
		all = append(all[:most], fmt.Sprintf("and %d more", n))
	}
	return strings.Join(all, ", ")
}

// class returns the class of a color.
func class(c view.Color) string {
	switch c {
	case view.Red:
		return "bad"
	case view.Yellow:
		return "late"
	case view.Blue:
		return "person"
	case view.Cyan:
		return "live"
	}
	return "dim"
}

package session

import "github.com/spanpipe/spanpipe/framing"

// What becomes of the fields that are neither a name nor an id.

func takeRefName(d *Decoder, v *framing.Value, m *Message) {
	if m.Target == "" {
		m.Target = d.value(v)
	}
}

// takeURI keeps a URI that is whole: the beginning of one could match a template that the URI does not.
func takeURI(_ *Decoder, v *framing.Value, m *Message) {
	if !v.Truncated && len(v.Text) > 0 {
		m.extra().URI = string(v.Text)
	}
}

func takeReason(_ *Decoder, v *framing.Value, m *Message) {
	m.extra().GaveUp = timedOut(v.Text)
}

func takeState(_ *Decoder, v *framing.Value, m *Message) { m.extra().State = v.Hash }

func takeTraceparent(_ *Decoder, v *framing.Value, m *Message) {
	m.extra().Traceparent = string(v.Text)
}

// takeTracestate keeps a state that is whole. It is a name that a peer has chosen, but another one in each request.
func takeTracestate(d *Decoder, v *framing.Value, m *Message) {
	if !v.Truncated && len(v.Text) > 0 {
		m.extra().Tracestate = d.clean(v.Text)
	}
}

// takeTask keeps a task's id with its text. Like the id of a request it is seldom the same twice.
func takeTask(d *Decoder, v *framing.Value, m *Message) {
	id := ID{valueRef(v), ""}
	if v.Truncated {
		id.Text = d.tooLong(v.Text)
	} else {
		id.Text = d.clean(v.Text)
	}
	m.extra().Task = id
}

func takeWantsTask(_ *Decoder, v *framing.Value, m *Message) {
	m.extra().WantsTask = v.Type == framing.Object
}

func takeMakesTask(_ *Decoder, v *framing.Value, m *Message) {
	m.extra().MakesTask = v.Type == framing.Object
}

func takeResources(_ *Decoder, v *framing.Value, m *Message) { m.extra().Resources = v.Count }

func takeOutcome(_ *Decoder, v *framing.Value, m *Message) {
	if v.Type == framing.Object {
		m.extra().outcome().Told = true
	}
}

func takeOutcomeIsError(_ *Decoder, v *framing.Value, m *Message) {
	m.extra().outcome().IsError = v.Type == framing.True
}

func takeOutcomeCode(d *Decoder, v *framing.Value, m *Message) {
	o := m.extra().outcome()
	o.Told, o.Code = true, d.value(v)
}

// takeErrorText remembers, until the message is decoded, the text of an error, or what may turn out to be one.
func takeErrorText(d *Decoder, v *framing.Value, _ *Message) {
	if d.text == nil {
		d.text = v.Text
	}
}

func takeStatusMessage(d *Decoder, v *framing.Value, _ *Message) {
	d.status = v.Text
}

// takeResultType keeps the types that an operation goes on after.
func takeResultType(_ *Decoder, v *framing.Value, m *Message) {
	switch string(v.Text) {
	case resultInputRequired:
		m.extra().ResultType = resultInputRequired
	case resultTask:
		m.extra().ResultType = resultTask
	}
}

// maxVersions bounds the protocol versions that one message can list.
const maxVersions = 16

func takeSupported(d *Decoder, v *framing.Value, m *Message) {
	if x := m.extra(); len(x.Versions) < maxVersions && v.Type == framing.String {
		x.Versions = append(x.Versions, d.value(v))
	}
}

func takeTools(_ *Decoder, v *framing.Value, m *Message) {
	x := m.extra()
	x.Listed, x.DefinitionSize = v.Count, v.Size
}

func takeTool(d *Decoder, v *framing.Value, m *Message) {
	if !v.Truncated {
		x := m.extra()
		x.Tools = append(x.Tools, d.name(v.Text))
	}
}

func takeTemplate(d *Decoder, v *framing.Value, m *Message) {
	if !v.Truncated {
		x := m.extra()
		x.Templates = append(x.Templates, d.name(v.Text))
	}
}

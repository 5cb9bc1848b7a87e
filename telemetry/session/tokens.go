package session

import "github.com/spanpipe/spanpipe/framing"

// tokenFields are what a model sees of messages: the texts in a result, the arguments that a model wrote, what a server asks a
// model. Beside the text, the data of images, audio and blobs is in messages; clients pass on what it shows and not its base64,
// so it counts as bytes. Of a result that is there twice, as text and as structured content, the text counts.
//
// The definitions in lists are in definitionFields.
var tokenFields = []field{
	within("params", func(_ *Decoder, v *framing.Value, m *Raw) { m.Tokens = v.Tokens }),
	within("result", func(_ *Decoder, v *framing.Value, m *Raw) { m.Tokens = v.Tokens }),
	within("error", func(_ *Decoder, v *framing.Value, m *Raw) { m.Tokens = v.Tokens }),
	within("result content", func(d *Decoder, v *framing.Value, _ *Raw) { d.seen.content = v.Tokens }),
	{path("result structuredContent", framing.Tokens, 0), func(d *Decoder, v *framing.Value, _ *Raw) {
		d.seen.structured = v.Tokens
	}},

	model("params messages * content text"), model("params messages * content * text"), model("params systemPrompt"),
	model("result content * text"), model("result content * resource text"),
	model("result content * uri"), model("result content * name"), model("result content * description"), // resource_link
	model("result content text"), // sampling/createMessage
	model("result contents * text"),
	model("result messages * content text"), model("result messages * content resource text"),
	model("result result content * text"), model("params result content * text"), // of a task
	model("error message"),

	media("result content * data"), media("result content * resource blob"), media("result contents * blob"),
	media("result messages * content data"), media("params messages * content data"),
}

// model is a member that a model sees.
func model(keys string) field {
	return field{path(keys, framing.Tokens, 0), func(*Decoder, *framing.Value, *Raw) {}}
}

// within takes the tokens of all that a model sees within a member.
func within(keys string, take func(*Decoder, *framing.Value, *Raw)) field {
	return field{path(keys, 0, 0), take}
}

// media is a member with encoded data.
func media(keys string) field {
	return field{path(keys, 0, 0), func(_ *Decoder, v *framing.Value, m *Raw) { m.Media += v.Size }}
}

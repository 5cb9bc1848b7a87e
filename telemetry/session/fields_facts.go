package session

import "github.com/spanpipe/spanpipe/framing"

// factFields are the members about which facts are noted.
var factFields = []field{
	fact("params", hasParams, isObject),
	fact("params", paramsNull, func(t framing.ValueType) bool { return t == framing.Null }),
	fact("params", paramsOther, func(t framing.ValueType) bool { return t != framing.Object && t != framing.Null }),
	fact("params _meta", metaOther, isNot(framing.Object)),
	fact("params arguments", argumentsOther, isNot(framing.Object)),
	fact("params name", hasName, is(framing.String)),
	fact("params uri", hasURI, is(framing.String)),
	fact("params progressToken", hasToken, isIDType),
	fact("params progress", hasProgress, is(framing.Number)),
	text("params level", maxWord, takeLevel),
	fact("params protocolVersion", hasVersion, is(framing.String)),
	fact("params capabilities", hasCapabilities, isObject),
	fact("params clientInfo", hasClientInfo, isObject),

	fact("result", hasResult, isAny),
	fact("result", resultOther, isNot(framing.Object)),
	fact("error", hasError, isAny),
	fact("error", errorOther, func(t framing.ValueType) bool { return t != framing.Object && t != framing.Null }),
	text("error code", maxWord, takeCode),
	fact("error message", hasMessage, is(framing.String)),
	fact("result _meta", metaOther, isNot(framing.Object)),
	fact("result protocolVersion", hasVersion, is(framing.String)),
	fact("result capabilities", hasCapabilities, isObject),
	fact("result serverInfo", hasServerInfo, isObject),
	fact("result tools", hasTools, is(framing.Array)),
	fact("result prompts", hasPrompts, is(framing.Array)),
	fact("result resources", hasResources, is(framing.Array)),
	fact("result resourceTemplates", hasTemplates, is(framing.Array)),
	fact("result nextCursor", cursorOther, isNot(framing.String)),
	fact("result content", hasContent, isAny),
	fact("result content", contentOther, isNot(framing.Array)),
	{path("result content", 0, 0), func(d *Decoder, v *framing.Value, _ *Raw) { d.counts.items = v.Count }},
	text("result content * type", maxWord, takeItemType),
	itemMember("text", framing.String),
	itemMember("data", framing.String),
	itemMember("mimeType", framing.String),
	itemMember("uri", framing.String),
	itemMember("name", framing.String),
	itemMember("resource", framing.Object),
	fact("result structuredContent", structuredOther, isNot(framing.Object)),
	fact("result isError", isErrorOther, func(t framing.ValueType) bool { return t != framing.True && t != framing.False }),
	fact("result contents", hasContents, is(framing.Array)),
	fact("result messages", hasMessages, is(framing.Array)),
	fact("result completion", hasCompletion, isObject),
	fact("result role", hasRole, is(framing.String)),
	fact("result model", hasModel, is(framing.String)),
	fact("result action", hasAction, is(framing.String)),
	text("result action", maxWord, func(_ *Decoder, v *framing.Value, m *Raw) {
		if string(v.Text) == "accept" {
			m.Facts |= accepts
		}
	}),
	fact("result roots", hasRoots, is(framing.Array)),
	text("result tools * inputSchema type", maxWord, takeSchemaType),
}

// fact is a field of which only the type counts.
func fact(keys string, f Facts, is func(framing.ValueType) bool) field {
	return field{path(keys, 0, 0), func(_ *Decoder, v *framing.Value, m *Raw) {
		if is(v.Type) {
			m.Facts |= f
		}
	}}
}

func is(want framing.ValueType) func(framing.ValueType) bool {
	return func(t framing.ValueType) bool { return t == want }
}

func isNot(want framing.ValueType) func(framing.ValueType) bool {
	return func(t framing.ValueType) bool { return t != want }
}

func isAny(framing.ValueType) bool      { return true }
func isObject(t framing.ValueType) bool { return t == framing.Object }
func isIDType(t framing.ValueType) bool { return t == framing.String || t == framing.Number }

// itemMember is a member of a content block, which is counted if it has its type.
func itemMember(name string, want framing.ValueType) field {
	return field{path("result content * "+name, 0, 0), func(d *Decoder, v *framing.Value, _ *Raw) {
		if v.Type == want {
			d.counts.members++
		}
	}}
}

// itemTypes are the types of content blocks, of all versions of MCP's schema, and how many of the members that are
// counted they need.
var itemTypes = map[string]int{
	"text": 1, "image": 2, "audio": 2, "resource": 1, "resource_link": 2, "tool_use": 0, "tool_result": 0,
}

func takeItemType(d *Decoder, v *framing.Value, _ *Raw) {
	if needed, known := itemTypes[string(v.Text)]; known && v.Type == framing.String {
		d.counts.typed++
		d.counts.needed += needed
	}
}

func takeSchemaType(d *Decoder, v *framing.Value, _ *Raw) {
	if v.Type == framing.String && string(v.Text) == "object" {
		d.counts.schemas++
	}
}

// takeCode notes whether the code of an error is an integer.
func takeCode(_ *Decoder, v *framing.Value, m *Raw) {
	if v.Type == framing.Number && isCode(string(v.Text)) {
		m.Facts |= hasCode
	}
}

// takeLevel notes whether a level is one of MCP's.
func takeLevel(_ *Decoder, v *framing.Value, m *Raw) {
	for _, level := range levels {
		if v.Type == framing.String && string(v.Text) == level {
			m.Facts |= hasLevel
		}
	}
}

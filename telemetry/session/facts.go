package session

// Facts is a set of what the decoder has noticed about a message's members: their presence and their types, as far as an
// SDK may reject a message because of them. It says nothing about their contents.
type Facts uint64

// The facts. Which of them make a message invalid depends on its method, see shapes.go.
const (
	hasBOM Facts = 1 << iota
	hasParams
	paramsNull
	paramsOther // neither an object nor null
	metaOther   // params._meta or result._meta is not an object
	argumentsOther
	hasName
	hasURI
	hasToken
	hasProgress
	hasLevel
	hasVersion
	hasCapabilities
	hasClientInfo

	hasResult
	resultOther // not an object
	hasError
	errorOther // neither an object nor null
	hasCode
	hasMessage
	hasServerInfo
	hasTools
	hasPrompts
	hasResources
	hasTemplates
	hasContent      // in any form
	contentOther    // not an array
	itemOther       // an element of content with no known type
	itemPart        // an element of content without a member that its type needs
	structuredOther // structuredContent is not an object
	isErrorOther    // isError is not a boolean
	cursorOther     // nextCursor is not a string
	toolOther       // a tool without a name or without an inputSchema of type object
	hasContents
	hasMessages
	hasCompletion
	hasRole
	hasModel
	hasAction
	accepts // the action is accept
	hasRoots
)

// has reports whether all of the given facts are in the set.
func (f Facts) has(all Facts) bool { return f&all == all }

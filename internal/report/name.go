package report

import (
	"cmp"
	"slices"
	"strings"
)

// By is what the rows of a report are.
type By string

// What rows can be.
const (
	ByTool     By = "tool"
	ByPrompt   By = "prompt"
	ByResource By = "resource"
	ByServer   By = "server"
	ByClient   By = "client"
	ByDay      By = "day"
)

// ByTarget is tools, prompts and resources at once, for a report that is made into something else.
const ByTarget By = "target"

// Bys returns what rows can be.
func Bys() []By { return []By{ByTool, ByPrompt, ByResource, ByServer, ByClient, ByDay} }

// ParseBy returns the value that a text names.
func ParseBy(text string) (By, bool) {
	i := slices.Index(Bys(), By(text))
	if i < 0 {
		return "", false
	}
	return By(text), true
}

// Name names a row; those of a tool, prompt or resource have its server, too. The fields that do not belong to the kind
// of row are empty.
type Name struct {
	Server   string `json:"server,omitempty"`
	Tool     string `json:"tool,omitempty"`
	Prompt   string `json:"prompt,omitempty"`
	Resource string `json:"resource,omitempty"`
	Client   string `json:"client,omitempty"`
	Day      string `json:"day,omitempty"` // 2026-11-26
	day      day
}

// target returns the name of a tool, prompt or resource.
func target(k key) Name {
	n := Name{Server: k.server}
	switch k.kind {
	case toolCall:
		n.Tool = k.target
	case promptCall:
		n.Prompt = k.target
	case resourceCall:
		n.Resource = k.target
	}
	return n
}

// Target returns the tool, prompt or resource.
func (n *Name) Target() string { return cmp.Or(n.Tool, n.Prompt, n.Resource) }

func (n *Name) compare(other Name) int {
	return cmp.Or(
		strings.Compare(n.Server, other.Server), strings.Compare(n.Tool, other.Tool), strings.Compare(n.Prompt, other.Prompt),
		strings.Compare(n.Resource, other.Resource), strings.Compare(n.Client, other.Client), strings.Compare(n.Day, other.Day),
	)
}

// targets reports whether rows are tools, prompts or resources, which have a server.
func (by By) targets() bool {
	return by == ByTool || by == ByPrompt || by == ByResource || by == ByTarget
}

// counts reports whether calls of a kind are in the report.
func (by By) counts(k kind) bool {
	switch by {
	case ByTool:
		return k == toolCall
	case ByPrompt:
		return k == promptCall
	case ByResource:
		return k == resourceCall
	}
	return true
}

// name returns the row of a finest group.
func (by By) name(k key) (n Name, ok bool) {
	switch by {
	case ByServer, ByClient:
		return by.ofPair(pair{k.server, k.client}), true
	case ByDay:
		if k.before {
			return Name{}, false
		}
		return Name{Day: k.day.String(), day: k.day}, true
	}
	return target(k), by.counts(k.kind)
}

// ofPair returns the row of a server or a client.
func (by By) ofPair(p pair) Name {
	if by == ByServer {
		return Name{Server: p.server}
	}
	return Name{Client: p.client}
}

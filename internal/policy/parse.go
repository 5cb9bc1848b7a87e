package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/store"
)

// MaxFile bounds the file, in bytes.
const MaxFile = 64 << 10

// Parse reads the text of a file. Its error is the first mistake, with line and column: of a policy with a mistake, nothing can be
// used, since what is wrong may be a lock. docs/fleet.schema.json describes the same form.
func Parse(text []byte) (*Policy, error) {
	if len(text) > MaxFile {
		return nil, fmt.Errorf("it is larger than %d KiB", MaxFile>>10)
	}
	root, err := document(text)
	if err != nil {
		return nil, err
	}
	p := &parser{}
	policy := p.policy(root)
	if p.mistake != nil {
		return nil, p.mistake
	}
	return policy, nil
}

// document returns the root of a file that is one document of YAML.
func document(text []byte) (*yaml.Node, error) {
	var first, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(text))
	err := d.Decode(&first)
	if errors.Is(err, io.EOF) || err == nil && len(first.Content) == 0 {
		return nil, errors.New("1:1: it is empty: begin with version: 1")
	}
	if err == nil {
		if err = d.Decode(&second); errors.Is(err, io.EOF) {
			return first.Content[0], nil
		} else if err == nil {
			return nil, fmt.Errorf("%d:1: it has a second document: remove the line ---", max(second.Line, 1))
		}
	}
	line, column, what := 1, 1, err.Error()
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		line, column, what = max(e.Mark.Line, 1), max(e.Mark.Column, 1), e.Message
	}
	return nil, fmt.Errorf("%d:%d: it is no YAML: %s", line, column, shown(what))
}

// parser keeps the first mistake.
type parser struct{ mistake error }

// fail notes a mistake at a node.
func (p *parser) fail(n *yaml.Node, format string, args ...any) {
	if p.mistake == nil {
		p.mistake = fmt.Errorf("%d:%d: %s", max(n.Line, 1), max(n.Column, 1), fmt.Sprintf(format, args...))
	}
}

func (p *parser) policy(root *yaml.Node) *Policy {
	out := &Policy{}
	if p.isLater(root) {
		return out
	}
	members := p.object(root, "the policy", "version", "defaults", "locks")
	switch v := members["version"]; {
	case v == nil:
		p.fail(root, "there is no version: begin with version: 1")
	case v.Kind != yaml.ScalarNode || v.Value != "1" || v.ShortTag() != "!!int":
		p.fail(v, "want version: 1")
	}
	settings := []string{"otlp", "hash_key_file", "keep", "keep_content"}
	if n := members["defaults"]; n != nil {
		out.Defaults = p.settings(p.object(n, "defaults", settings...))
	}
	if n := members["locks"]; n != nil {
		locks := p.object(n, "locks", append(settings, "forbid_sinks", "forbid_capture")...)
		out.Locks = p.settings(locks)
		out.ForbidSinks = words(p, locks["forbid_sinks"], "forbid_sinks", consent.Sinks())
		out.ForbidCapture = words(p, locks["forbid_capture"], "forbid_capture", append(consent.Levels(), all))
		if slices.Contains(out.ForbidCapture, all) {
			out.ForbidCapture = consent.Levels()
		}
	}
	return out
}

// isLater notes that the policy is of a later version: what this version would say of its members would mislead.
func (p *parser) isLater(root *yaml.Node) bool {
	for i := 0; i+1 < len(root.Content) && root.Kind == yaml.MappingNode; i += 2 {
		v := root.Content[i+1]
		if n, err := strconv.Atoi(v.Value); root.Content[i].Value == "version" && err == nil && n > 1 && v.ShortTag() == "!!int" {
			p.fail(v, "want version: 1; a newer spanpipe may know version %d", n)
			return true
		}
	}
	return false
}

// all in forbid_capture is every kind, those of later versions included.
const all consent.Level = "all"

func (p *parser) settings(members map[string]*yaml.Node) (s Settings) {
	if n := members["otlp"]; n != nil {
		s.OTLP = p.destination(n)
	}
	s.HashKeyFile = p.file(members["hash_key_file"], "hash_key_file")
	if n := members["keep"]; n != nil {
		age, size, err := store.ParseKeep(p.text(n, "keep"))
		if err != nil {
			p.fail(n, "keep: %v", err)
		}
		s.Keep = &Keep{age, size}
	}
	if n := members["keep_content"]; n != nil {
		var err error
		if s.KeepContent, err = store.ParseAge(p.text(n, "keep_content")); err != nil {
			p.fail(n, "keep_content: %v", err)
		}
	}
	return s
}

func (p *parser) destination(n *yaml.Node) *Destination {
	members := p.object(n, "otlp",
		"endpoint", "protocol", "certificate", "client_certificate", "client_key", "headers_file", "proxy")
	d := &Destination{
		Endpoint: p.text(members["endpoint"], "endpoint"), Protocol: p.text(members["protocol"], "protocol"),
		Certificate:       p.file(members["certificate"], "certificate"),
		ClientCertificate: p.file(members["client_certificate"], "client_certificate"),
		ClientKey:         p.file(members["client_key"], "client_key"),
		HeadersFile:       p.file(members["headers_file"], "headers_file"),
		Proxy:             p.text(members["proxy"], "proxy"),
	}
	if n := members["protocol"]; n == nil {
		d.Protocol = "grpc"
	} else if d.Protocol != "grpc" && d.Protocol != "http/protobuf" {
		p.fail(n, "protocol: want grpc or http/protobuf")
	}
	if members["endpoint"] == nil {
		p.fail(n, "otlp has no endpoint: add one, such as endpoint: https://otlp.example.com:4317")
		return d
	}
	endpoint, proxy := members["endpoint"], members["proxy"]
	u, err := url.Parse(d.Endpoint)
	switch isSocket := err == nil && u.Scheme == "unix" && d.Protocol == "grpc" && u.Opaque+u.Path != ""; {
	case err != nil || !isSocket && (u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == ""):
		p.fail(endpoint, "endpoint: want a URL such as https://otlp.example.com:4317")
	case u.User != nil || u.RawQuery != "":
		p.fail(endpoint, "endpoint: credentials belong in headers_file")
	case (d.ClientCertificate == "") != (d.ClientKey == ""):
		p.fail(n, "otlp: client_certificate and client_key: want both, or neither")
	case u.Scheme == "http" && d.Certificate+d.ClientCertificate != "":
		p.fail(endpoint, "endpoint: certificates need https://")
	}
	if u, err := url.Parse(d.Proxy); proxy != nil && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "") {
		p.fail(proxy, "proxy: want a URL such as http://proxy.example.com:3128")
	}
	return d
}

// object returns the members of an object. What it does not know is a mistake, as is a member that comes twice.
func (p *parser) object(n *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	members := map[string]*yaml.Node{}
	if n.Kind != yaml.MappingNode || n.Anchor != "" {
		p.fail(n, "%s: want names and values: %s", what, strings.Join(known, ", "))
		return members
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || !slices.Contains(known, key.Value):
			p.fail(key, "%s has no %s: it has %s", what, consent.Quote(key.Value), strings.Join(known, ", "))
		case members[key.Value] != nil:
			p.fail(key, "%s stands here twice", key.Value)
		case value.Kind == yaml.AliasNode || value.Anchor != "":
			p.fail(value, "anchors and aliases are not supported: write it out")
		default:
			members[key.Value] = value
		}
	}
	return members
}

// text returns a text that is not empty, and "" if the node is absent.
func (p *parser) text(n *yaml.Node, what string) string {
	const most = 1024
	switch {
	case n == nil:
	case n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || n.Value == "":
		p.fail(n, "%s: want a text", what)
	case len(n.Value) > most || strings.IndexFunc(n.Value, isControl) >= 0:
		p.fail(n, "%s: want a text of at most %d bytes, without control characters", what, most)
	default:
		return n.Value
	}
	return ""
}

// file returns the absolute path of a file. It is not opened: that is for those who use it.
func (p *parser) file(n *yaml.Node, what string) string {
	path := p.text(n, what)
	if n != nil && !filepath.IsAbs(path) {
		p.fail(n, "%s: want an absolute path", what)
	}
	return path
}

// words returns a list of known words.
func words[T ~string](p *parser, n *yaml.Node, what string, known []T) (list []T) {
	if n == nil {
		return nil
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	if n.Kind != yaml.SequenceNode {
		p.fail(n, "%s: want a list: [%s]", what, strings.Join(names, ", "))
		return nil
	}
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode || item.Anchor != "" || !slices.Contains(known, T(item.Value)) {
			p.fail(item, "%s: want words of %s", what, strings.Join(names, ", "))
		}
		list = append(list, T(item.Value))
	}
	return list
}

func isControl(r rune) bool { return r < ' ' || 0x7f <= r && r < 0xa0 || r == 0xfffd }

// shown returns a text of the library without what could harm a terminal.
func shown(text string) string {
	const most = 200
	text = strings.Map(func(r rune) rune {
		if isControl(r) {
			return '?'
		}
		return r
	}, text)
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

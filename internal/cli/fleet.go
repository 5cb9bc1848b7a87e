package cli

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/spanpipe/spanpipe/consent"
	"github.com/spanpipe/spanpipe/internal/namedfile"
	"github.com/spanpipe/spanpipe/internal/policy"
	"github.com/spanpipe/spanpipe/internal/store"
	"github.com/spanpipe/spanpipe/telemetry/otlp"
	"github.com/spanpipe/spanpipe/telemetry/rules"
)

// This file applies the policy of the machine's administrators to the settings, see docs/fleet.md. It is read where telemetry is on or
// stored sessions are looked at, and not where a server replaces this process.

// fleet is what the administrators of the machine have decided, as it applies to the settings of this process.
type fleet struct {
	file     string // the policy; empty without one
	unusable error  // why the strictest reading applies

	policy.Policy
	userKeep    store.Keep // what the user has asked for
	userRules   string     // a file of metric rules
	userHash    bool
	removed     []string // variables that are not obeyed
	supplied    []string // entries of the environment that take their place
	destination string   // the part of the policy that supplies the destination; empty if the user does
	told        bool     // a warning has been written
}

// readFleet reads the policy, once, and for no longer than startBound: it may be on a file system that hangs.
func (a *app) readFleet() {
	if a.fleet != nil {
		return
	}
	a.fleet = &fleet{}
	before := time.Now()
	p, err := namedfile.Within(startBound, namedfile.Slow(startBound), policy.Read)
	a.fleetWait = time.Since(before)
	if p == nil && err == nil {
		return
	}
	a.fleet.file, a.fleet.unusable = policyPath(), err
	if p != nil {
		a.fleet.Policy = *p
	}
}

// policyPath returns the file of the policy as it is named.
func policyPath() string {
	path, _ := policy.Path() // else its reading has failed, and says why
	return cmp.Or(path, "the policy")
}

// obey reads the policy, and changes the settings as it demands. They have been resolved from flags and variables.
func (a *app) obey() {
	a.readFleet()
	f, o := a.fleet, &a.options
	f.userKeep, f.userRules, f.userHash = o.keep, o.metricRules, o.hashesUser()
	if f.unusable != nil {
		o.user, o.metricRules = "off", ""
		return
	}
	if d := f.Defaults.Keep; d != nil && a.setting("SPANPIPE_KEEP").source == "" {
		o.keep.Age, o.keep.Size = d.Age, d.Size
	}
	if d := f.Defaults.KeepContent; d > 0 && a.setting("SPANPIPE_KEEP_CONTENT").source == "" {
		o.keep.Content = d
	}
	if l := f.Locks.Keep; l != nil {
		o.keep.Age, o.keep.Size = atMost(o.keep.Age, l.Age), atMost(o.keep.Size, l.Size)
	}
	o.keep.Content = atMost(o.keep.Content, f.Locks.KeepContent)
	f.route(a.Environ)
}

// atMost returns the smaller of two limits, of which 0 is none.
func atMost[T ~int64](one, other T) T {
	if one == 0 || other == 0 {
		return max(one, other)
	}
	return min(one, other)
}

// route decides where telemetry is sent. A lock takes the place of all variables that say so, proxies included, and a default does
// where none of them is set: so no key is sent to where it does not belong.
func (f *fleet) route(environ []string) {
	f.removed, f.supplied, f.destination = nil, nil, ""
	d, names := f.Locks.OTLP, slices.Concat(otlp.DestinationVariables(), otlp.ProxyVariables())
	switch {
	case d != nil:
		f.destination, f.removed = "locks.otlp", names
	case f.Defaults.OTLP != nil && len(set(environ, otlp.DestinationVariables())) == 0:
		f.destination, d = "defaults.otlp", f.Defaults.OTLP
		if d.Proxy != "" && len(set(environ, otlp.ProxyVariables())) == 0 {
			f.removed = otlp.ProxyVariables()
		}
	default:
		return
	}
	add := func(name, value string) {
		if value != "" {
			f.supplied = append(f.supplied, name+"="+value)
		}
	}
	for name, value := range map[string]string{
		"ENDPOINT": d.Endpoint, "PROTOCOL": d.Protocol, "CERTIFICATE": d.Certificate, "CLIENT_CERTIFICATE": d.ClientCertificate,
		"CLIENT_KEY": d.ClientKey, "HEADERS_FILE": d.HeadersFile,
	} {
		add("OTEL_EXPORTER_OTLP_"+name, value)
	}
	if f.removed != nil {
		add("HTTP_PROXY", d.Proxy)
		add("HTTPS_PROXY", d.Proxy)
	}
}

// supplier returns the policy, if that decides where telemetry is sent.
func (f *fleet) supplier() otlp.Supplier {
	if f == nil || f.destination == "" {
		return otlp.Supplier{}
	}
	return otlp.Supplier{File: f.file, Proxy: f.removed != nil}
}

// consent returns what package consent has to know.
func (f *fleet) consent() consent.Fleet {
	if f == nil {
		return consent.Fleet{}
	}
	return consent.Fleet{
		File: f.file, Unusable: f.unusable != nil, Sinks: f.ForbidSinks, Capture: f.ForbidCapture,
	}
}

// set returns those of an environment's entries, as names, that set one of the variables for spanpipe, in either form.
func set(environ, names []string) (found []string) {
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if strings.TrimSpace(value) == "" {
			continue
		}
		for _, known := range names {
			_, is := otlp.CutVariable(entry, known+"=")
			_, own := otlp.CutVariable(entry, "SPANPIPE_"+known+"=")
			if is || own && strings.HasPrefix(known, "OTEL_") {
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// lookup looks up variables as they apply to this session: as ownEnvironment does, but for those that the policy decides.
func (a *app) lookup() func(string) (string, bool) {
	own := ownEnvironment(a.Environ)
	if a.fleet == nil || a.fleet.destination == "" {
		return own
	}
	f := a.fleet
	return func(name string) (string, bool) {
		if value, ok := getenv(f.supplied, name); ok {
			return value, true
		}
		if slices.ContainsFunc(f.removed, func(r string) bool { _, is := otlp.CutVariable(name, r); return is && len(name) == len(r) }) {
			return "", false
		}
		return own(name)
	}
}

// setEnvironment sets the variables of this process that the SDK, its exporters and gRPC read themselves. The server gets a copy of
// the user's.
func (a *app) setEnvironment() {
	otlp.SetOwnVariables(a.Environ)
	if a.fleet != nil {
		otlp.Supply(a.fleet.removed, a.fleet.supplied)
	}
}

// forbids says that content of a level is not captured whatever the user asks for. It is empty if it may be.
func (f *fleet) forbids(l consent.Level) string {
	switch {
	case f == nil:
	case f.unusable != nil:
		return "; not while " + f.file + " cannot be used"
	case slices.Contains(f.ForbidCapture, l):
		return "; " + f.file + " forbids it"
	}
	return ""
}

// warnOfFleet writes the one warning about a policy that cannot be used, to a session.
func (a *app) warnOfFleet() {
	a.warnOfUnusable("only console and local are left, without content, user hash and metric rules")
}

// warnOfLimits does so where stored sessions are looked at. A limit that removes is the user's until it is known what the
// administrators want.
func (a *app) warnOfLimits() { a.warnOfUnusable("its limits of what is kept do not apply") }

func (a *app) warnOfUnusable(effect string) {
	if f := a.fleet; f.unusable != nil && !f.told {
		f.told = true
		a.warn("the policy " + f.file + " cannot be used: " + f.unusable.Error() +
			"; until its administrators mend it, " + effect)
	}
}

// hashKeyFile returns the file of the fleet's key of hashes as it applies here: the policy's lock, the user's, or the policy's default.
// It is empty if the store's key is used.
func (a *app) hashKeyFile() string {
	if a.fleet == nil {
		return a.options.hashKeyFile
	}
	return cmp.Or(a.fleet.Locks.HashKeyFile, a.options.hashKeyFile, a.fleet.Defaults.HashKeyFile)
}

// allowedRules leaves the rules out of a file that look at content which the policy forbids to capture: they take numbers and words from
// it. Their names are in the problem, which is empty without any.
func (f *fleet) allowedRules(file *ruleFile) (problem string) {
	if f == nil || len(f.ForbidCapture) == 0 {
		return ""
	}
	var left []string
	allowed := &rules.Set{}
	for _, r := range file.set.Rules {
		if slices.ContainsFunc(f.ForbidCapture, func(l consent.Level) bool { return looksAt(r, l) }) {
			left = append(left, r.Name)
		} else {
			allowed.Rules = append(allowed.Rules, r)
		}
	}
	file.set = allowed
	if len(left) == 0 {
		return ""
	}
	return "ignoring metric rules of " + file.name + " that look at content which " + f.file + " forbids to capture: " +
		strings.Join(left, ", ")
}

// looksAt reports whether a rule takes something from content of a level, or chooses calls by it. What is in resources is never
// captured, and counts as a result here. A result may be that of an error.
func looksAt(r *rules.Rule, l consent.Level) bool {
	if l == consent.URIs && r.Match.Resource != nil && r.Match.Resource.Text != "*" {
		return true
	}
	sources := []rules.From{}
	if r.Value.Constant == nil {
		sources = append(sources, r.Value.Source.From)
	}
	if r.When != nil && r.When.Source != nil {
		sources = append(sources, r.When.Source.From)
	}
	for i := range r.Labels {
		sources = append(sources, r.Labels[i].Source.From)
	}
	return slices.ContainsFunc(sources, func(from rules.From) bool {
		switch from {
		case rules.Arguments:
			return l == consent.Arguments || l == consent.Prompts && r.Match.Tool == nil
		case rules.Result, rules.Text:
			return l == consent.Results || l == consent.Errors || l == consent.Prompts && r.Match.Tool == nil
		case rules.Error:
			return l == consent.Errors
		default: // how a call ended, and names
			return false
		}
	})
}

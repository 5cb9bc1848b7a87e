package replay

// aligned is two elements of two arrays that are compared with each other. One of the two is -1 if there is none.
type aligned struct{ recorded, fresh int }

// definitionKeys are the members that name the definitions of a list.
func definitionKey(list string) string {
	switch list {
	case "tools", "prompts":
		return "name"
	case "resources":
		return "uri"
	case "resourceTemplates":
		return "uriTemplate"
	}
	return ""
}

// align pairs the elements of two arrays: definitions by their names, all others by their places.
func align(name string, recorded, fresh []*value) []aligned {
	key := definitionKey(name)
	was, ok := keysOf(recorded, key)
	is, okToo := keysOf(fresh, key)
	if !ok || !okToo {
		return byPlace(recorded, fresh, func(a, b *value) bool { return equal(a, b) })
	}
	var all []aligned
	for i, item := range recorded {
		if j, ok := is[item.member(key).str()]; ok {
			all = append(all, aligned{i, j})
		} else {
			all = append(all, aligned{i, -1})
		}
	}
	for j, item := range fresh {
		if _, ok := was[item.member(key).str()]; !ok {
			all = append(all, aligned{-1, j})
		}
	}
	return all
}

// keysOf returns the places of elements by a member, if each has one of its own.
func keysOf(items []*value, key string) (places map[string]int, ok bool) {
	places = map[string]int{}
	for i, item := range items {
		name := item.member(key).str()
		if _, twice := places[name]; twice || name == "" {
			return nil, false
		}
		places[name] = i
	}
	return places, key != ""
}

// byPlace pairs elements by their places. If there are more on one side, what is equal at the end belongs together, so that one
// element which has been added in front does not make a difference of all others.
func byPlace[T any](recorded, fresh []T, same func(a, b T) bool) (all []aligned) {
	begin, n, m := 0, len(recorded), len(fresh)
	if n != m {
		for begin < min(n, m) && same(recorded[begin], fresh[begin]) {
			begin++
		}
		for n > begin && m > begin && same(recorded[n-1], fresh[m-1]) {
			n, m = n-1, m-1
		}
	}
	for i := range begin {
		all = append(all, aligned{i, i})
	}
	for i := begin; i < max(n, m); i++ {
		p := aligned{i, i}
		if i >= n {
			p.recorded = -1
		}
		if i >= m {
			p.fresh = -1
		}
		all = append(all, p)
	}
	for i := n; i < len(recorded); i++ {
		all = append(all, aligned{i, i - n + m})
	}
	return all
}

// equal reports whether two values are the same, without any normalisation.
func equal(a, b *value) bool {
	if a == nil || b == nil || a.kind != b.kind || len(a.items) != len(b.items) {
		return a == b
	}
	switch a.kind {
	case '{':
		for i, name := range a.names {
			if other := b.member(name); other == nil || !equal(a.items[i], other) {
				return false
			}
		}
		return true
	case '[':
		for i := range a.items {
			if !equal(a.items[i], b.items[i]) {
				return false
			}
		}
		return true
	case '0':
		return canonical(a.text) == canonical(b.text)
	}
	return a.text == b.text
}

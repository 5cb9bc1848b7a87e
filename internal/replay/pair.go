package replay

// pairAlike pairs values that are alike, and the rest in its order. Of several that are alike, those belong together in which the same
// stands that has been seen on both sides before.
func (n *normaliser) pairAlike(recorded, fresh []*value, where scope) (all []aligned) {
	was, is := n.signatures(recorded, &n.was, where), n.signatures(fresh, &n.is, where)
	n.tellApart(recorded, was, is, &n.was, where)
	n.tellApart(fresh, is, was, &n.is, where)
	all, leftWas, leftIs := pairSame(was, is, places(len(was)), places(len(is)), func(s signed) string { return s.alike + s.partners })
	more, leftWas, leftIs := pairSame(was, is, leftWas, leftIs, func(s signed) string { return s.alike })
	all = append(all, more...)
	for i := range max(len(leftWas), len(leftIs)) {
		p := aligned{-1, -1}
		if i < len(leftWas) {
			p.recorded = leftWas[i]
		}
		if i < len(leftIs) {
			p.fresh = leftIs[i]
		}
		all = append(all, p)
	}
	return all
}

// signed is what values are paired by.
type signed struct {
	alike    string // the signature
	partners string // the one with what stands for the parts on the other side; empty if there is one value with the signature
}

func (n *normaliser) signatures(values []*value, on *side, where scope) []signed {
	all := make([]signed, len(values))
	for i, v := range values {
		all[i].alike = n.signature(v, on, where)
	}
	return all
}

// tellApart adds the partners to the signatures that several values have, on either side.
func (n *normaliser) tellApart(values []*value, own, other []signed, on *side, where scope) {
	count, countOther := map[string]int{}, map[string]int{}
	for _, s := range own {
		count[s.alike]++
	}
	for _, s := range other {
		countOther[s.alike]++
	}
	n.partnered = true
	for i, v := range values {
		if key := own[i].alike; countOther[key] > 0 && count[key]+countOther[key] > 2 {
			own[i].partners = n.signature(v, on, where)
		}
	}
	n.partnered = false
}

// places returns the numbers from 0.
func places(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// pairSame pairs what of some places has the same key, and returns the places that are left.
func pairSame(was, is []signed, from, to []int, key func(signed) string) (all []aligned, leftWas, leftIs []int) {
	free := map[string][]int{}
	for _, j := range to {
		free[key(is[j])] = append(free[key(is[j])], j)
	}
	taken := map[int]bool{}
	for _, i := range from {
		k := key(was[i])
		if at := free[k]; len(at) > 0 {
			all, free[k] = append(all, aligned{i, at[0]}), at[1:]
			taken[at[0]] = true
			continue
		}
		leftWas = append(leftWas, i)
	}
	for _, j := range to {
		if !taken[j] {
			leftIs = append(leftIs, j)
		}
	}
	return all, leftWas, leftIs
}

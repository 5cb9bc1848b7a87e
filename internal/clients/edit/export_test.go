package edit

// Range returns the bytes of a value, in the text without a byte order mark.
func Range(n *Node) (start, end int) { return n.start, n.end }

// MemberRange returns the bytes of a member.
func MemberRange(m *Member) (start, end int) { return m.start, m.end }

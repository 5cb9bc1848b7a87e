package session

import "strings"

// This file holds the forms of texts that are no names although a peer sends them. In a message that is not MCP's, or of
// a hostile peer, the same member can hold anything, and most of that would pass as a name.

// isCode reports whether a text is an error code: an integer (JSON-RPC 2.0, section 5.1) of 32 bits, as all SDKs have it.
// A longer one could be a card number.
func isCode(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return len(digits) > 0 && len(digits) <= 10 && strings.Trim(digits, "0123456789") == ""
}

// isVersion reports whether a text is a version of MCP: a date, or a draft's name such as DRAFT-2026-v1.
func isVersion(s string) bool {
	if draft, ok := strings.CutPrefix(s, "DRAFT-"); ok {
		year, number, _ := strings.Cut(draft, "-v")
		return len(year) == 4 && isCode(year) && len(number) <= 2 && isCode(number)
	}
	return isDate(s) || s == "draft"
}

// isDate reports whether a text is a date such as 2026-07-28. Every request may have one, so it is not parsed.
func isDate(s string) bool {
	return len(s) == len("2026-07-28") && s[4] == '-' && s[7] == '-' &&
		isCode(s[:4]) && "01" <= s[5:7] && s[5:7] <= "12" && isCode(s[5:7]) && "01" <= s[8:] && s[8:] <= "31" && isCode(s[8:])
}

// isRPCVersion reports whether a text is a version of JSON-RPC, such as 1.0.
func isRPCVersion(s string) bool {
	return len(s) == 3 && s[1] == '.' && strings.Trim(s[:1]+s[2:], "0123456789") == ""
}

package compare

import "encoding/json"

// JSON returns the values in which two JSON texts differ, in the order of their paths. The elements of arrays are compared one by one if
// there are as many.
func JSON(a, b json.RawMessage) []Member { return compareJSON(a, b) }

package view

// Color is the number of a color in a terminal's escape sequences.
type Color string

// The colors in use.
const (
	Dim    Color = "2"
	Red    Color = "31"
	Green  Color = "32"
	Yellow Color = "33"
	Blue   Color = "34" // a person's time
	Cyan   Color = "36"
	Bold   Color = "1"
)

// Paint colors a text, or returns it as it is.
type Paint func(c Color, text string) string

// Plain is a Paint without colors.
func Plain(_ Color, text string) string { return text }

// Colored is a Paint for terminals.
func Colored(c Color, text string) string { return "\x1b[" + string(c) + "m" + text + "\x1b[0m" }

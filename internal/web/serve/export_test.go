package serve

// Functions that Run is made of.
var (
	Hosts     = hosts
	PlaceOf   = place
	WriteLink = writeLink
	Sweep     = sweep
)

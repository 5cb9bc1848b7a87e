package replay

import "time"

// Took returns how long a replay took.
func (p *Played) Took() time.Duration { return p.ended.Sub(p.started) }

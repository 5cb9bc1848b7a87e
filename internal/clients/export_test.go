package clients

import (
	"path/filepath"
)

// HasShape reports whether a place's shape is in the table.
func HasShape(p *Place) bool { return p.shape() != nil }

// Candidates returns where the files of a place may be, with slashes.
func Candidates(p *Place, m Machine) (paths []string) {
	for _, c := range p.candidates(m) {
		paths = append(paths, filepath.ToSlash(filepath.Join(append([]string{c.base}, c.rest...)...)))
	}
	return paths
}

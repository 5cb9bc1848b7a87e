package cli_test

import (
	"strings"
	"testing"

	"github.com/spanpipe/spanpipe/internal/doctor"
)

// TestDoctorPage: the table of docs/doctor.md is that of the code.
func TestDoctorPage(t *testing.T) {
	b := "| check | of | what is checked | what to do |\n|---|---|---|---|\n"
	for _, k := range doctor.All() {
		b += strings.TrimRight("| `"+k.ID+"` | "+k.Group+" | "+k.Checks+" | "+k.Remedy, " ") + " |\n"
	}
	generated(t, "../../docs/doctor.md", "TestDoctorPage", map[string]string{"checks": b})
}

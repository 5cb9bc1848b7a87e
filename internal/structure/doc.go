// Command structure reports how the module hangs together: the references between the files of each package, the
// largest cycle among them, the size of the product and what each package imports. Run it from anywhere in the
// module:
//
//	go run ./internal/structure            # the report
//	go run ./internal/structure -max 8     # exit 1 where more than 8 files of a package form one cycle
//	go run ./internal/structure -edges     # every reference, file by file
//	go run ./internal/structure -os linux,darwin,windows
//	go run ./internal/structure -generate  # rewrite what is generated from the import table
//
// Rules is the import table: what each package of the product may import, and why. The linter's depguard section
// and the table in docs/DESIGN.md are generated from it, and TestImports enforces it on every system.
//
// The package must not import anything of the product: it looks at packages that do not compile yet, too.
package main

// All that is generated from the code of this module is listed here, so that "go generate ./..." regenerates it.
//
//go:generate go run . -generate
//go:generate go test ../cli -run TestDocuments|TestClientsPage|TestDoctorPage|TestStabilityPage -update
//go:generate go test ../web/api -run TestDeclarations -update
//go:generate go test ../top -run TestPictures -update
//go:generate go test ../../consent/redact -run Corpus -update
//go:generate go test ../../wrap ../../telemetry ../../cmd_test -run TestReliabilityPage -update

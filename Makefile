# The usual verbs. ".ci/run" without arguments runs every check; CONTRIBUTING.md describes its stages.
.PHONY: all build test lint race fuzz bench docs structure stack-test ci

all: build test

build:
	go build .

# What needs nothing but Go. ".ci/run test" adds peers that others wrote.
test:
	go test ./...

lint race fuzz bench:
	.ci/run $@

# What deploy/ has, end to end, without Docker: every program that can be built runs with its own configuration.
stack-test:
	.ci/run stack

# Regenerate all that is generated from the code.
docs:
	go generate ./...

# Reports the sizes, imports and file cycles of every package.
structure:
	go run ./internal/structure

ci:
	.ci/run

# The usual verbs. ".ci/run" without arguments runs every check; CONTRIBUTING.md describes its stages.
.PHONY: all build test lint race fuzz bench docs structure ci

all: build test

build:
	go build .

# What needs nothing but Go. ".ci/run test" adds peers that others wrote.
test:
	go test ./...

lint race fuzz bench:
	.ci/run $@

# Regenerate all that is generated from the code.
docs:
	go generate ./...

# Reports the sizes, imports and file cycles of every package.
structure:
	go run ./internal/structure

ci:
	.ci/run

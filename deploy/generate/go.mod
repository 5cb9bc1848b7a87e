// A module of its own: the libraries that write dashboards never enter the product's go.mod.
module github.com/spanpipe/spanpipe/deploy/generate

go 1.26.0

require (
	github.com/grafana/grafana-foundation-sdk/go v0.0.22
	github.com/spanpipe/spanpipe v0.0.0
)

replace github.com/spanpipe/spanpipe => ../..

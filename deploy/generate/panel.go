package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/spanpipe/spanpipe/telemetry/semconv"
)

// kind is how a panel looks.
type kind int

const (
	curves kind = iota // over time
	number             // one value, or a few
	bars               // one value for each name, the largest first
	rows               // a table
	heat               // a distribution over time
)

// panel describes a panel.
type panel struct {
	kind    kind
	title   string
	about   string // what it says, and what to do about it
	unit    string // of Grafana's: s, bytes, ops, percentunit, short, …
	width   uint32 // of 24
	queries []query
	warn    float64 // from here on it is yellow; 0: never
	bad     float64 // from here on it is red; 0: never
	low     bool    // red is below and not above
	signed  bool    // of bars: a value is by how much something has grown, and below zero if it has fallen
	empty   string  // what is written where there are no data
	links   []link
}

// query is what a panel shows.
type query struct {
	expr, legend string
	exemplars    bool // the expression has none; its series' exemplars are shown
}

// link leads from a panel to another place.
type link struct{ title, url string }

var source = common.DataSourceRef{Type: cog.ToPtr("prometheus"), Uid: cog.ToPtr("${datasource}")}

// build returns Grafana's panel.
func (p panel) build(id uint32) cog.Builder[dashboard.Panel] {
	b := dashboard.NewPanelBuilder().Id(id).Title(p.title).Description(p.about).Datasource(source).Interval("1m").
		Unit(p.unit).Span(p.width).Height(p.height()).Thresholds(p.thresholds())
	for i, q := range p.queries {
		b.WithTarget(q.build(p.kind).RefId(refID(i)))
	}
	if p.empty != "" {
		b.NoValue(p.empty)
	}
	if p.unit == "percentunit" {
		b.Decimals(1)
	}
	var links []cog.Builder[dashboard.DashboardLink]
	for _, l := range p.links {
		links = append(links, dashboard.NewDashboardLinkBuilder(l.title).Url(l.url).Type(dashboard.DashboardLinkTypeLink))
	}
	if len(links) > 0 {
		b.DataLinks(links)
	}
	p.shape(b)
	return b
}

func (p panel) height() uint32 {
	if p.kind == number {
		return 4
	}
	return 8
}

// thresholds colours a value. Without any, nothing is coloured.
func (p panel) thresholds() cog.Builder[dashboard.ThresholdsConfig] {
	steps := []dashboard.Threshold{{Color: "green"}}
	switch {
	case p.signed:
		steps = []dashboard.Threshold{{Color: "orange"}, {Color: "green", Value: cog.ToPtr(0.0)}}
	case p.warn == 0 && p.bad == 0:
		steps[0].Color = "text"
	case p.low:
		steps = []dashboard.Threshold{{Color: "red"}, {Color: "yellow", Value: &p.bad}, {Color: "green", Value: &p.warn}}
	default:
		if p.warn > 0 {
			steps = append(steps, dashboard.Threshold{Color: "yellow", Value: &p.warn})
		}
		if p.bad > 0 {
			steps = append(steps, dashboard.Threshold{Color: "red", Value: &p.bad})
		}
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps)
}

// shape sets what is particular to a kind of panel.
func (p panel) shape(b *dashboard.PanelBuilder) {
	last := common.ReduceDataOptions{Calcs: []string{"lastNotNull"}}
	switch p.kind {
	case curves:
		b.Type("timeseries").Min(0).ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdPaletteClassicByName))
		b.Options(timeseries.Options{
			Legend: common.VizLegendOptions{
				DisplayMode: common.LegendDisplayModeList, Placement: common.LegendPlacementBottom, ShowLegend: true, Calcs: []string{},
			},
			Tooltip: common.VizTooltipOptions{Mode: common.TooltipDisplayModeMulti, Sort: common.SortOrderDescending},
		})
		custom := map[string]any{"fillOpacity": 10, "lineWidth": 1, "showPoints": "auto", "spanNulls": false}
		if p.warn > 0 || p.bad > 0 {
			custom["thresholdsStyle"] = map[string]any{"mode": "line"}
		}
		b.Custom(custom)
	case number:
		b.Type("stat").ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds))
		b.Options(stat.Options{
			GraphMode: common.BigValueGraphModeNone, ColorMode: common.BigValueColorModeValue,
			JustifyMode: common.BigValueJustifyModeAuto, TextMode: common.BigValueTextModeAuto, WideLayout: true,
			ReduceOptions: last, PercentChangeColorMode: common.PercentChangeColorModeStandard,
			Orientation: common.VizOrientationAuto,
		})
	case bars:
		least := 0.0
		if p.signed {
			least = -1 // more cannot be lost
		}
		b.Type("bargauge").Min(least).ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds))
		b.Options(bargauge.Options{
			DisplayMode: common.BarGaugeDisplayModeBasic, ValueMode: common.BarGaugeValueModeText,
			NamePlacement: common.BarGaugeNamePlacementLeft, ShowUnfilled: false, Sizing: common.BarGaugeSizingAuto,
			Legend:        common.VizLegendOptions{DisplayMode: common.LegendDisplayModeList, Placement: common.LegendPlacementBottom, Calcs: []string{}},
			ReduceOptions: last, MinVizWidth: 8, MinVizHeight: 16, MaxVizHeight: 40, Orientation: common.VizOrientationHorizontal,
		})
	case rows:
		b.Type("table").Options(table.Options{ShowHeader: true})
		b.Custom(map[string]any{"filterable": true, "inspect": false})
		p.join(b)
	case heat:
		b.Type("heatmap")
		options := heatmap.NewOptions()
		options.Color.Scheme, options.Color.Exponent = "Oranges", 0.5
		options.Color.Mode = cog.ToPtr(heatmap.HeatmapColorModeScheme)
		options.YAxis.Unit = cog.ToPtr(p.unit)
		options.CellValues = &heatmap.CellValues{Unit: cog.ToPtr("short")} // they are numbers of things
		options.Tooltip.YHistogram = cog.ToPtr(true)
		b.Options(options)
	}
}

// join makes one table of the queries, with a column for each, named by its legend.
func (p panel) join(b *dashboard.PanelBuilder) {
	names := map[string]string{
		job: "Server", tool: "Tool", class: "Class", server: "Calls itself", label(semconv.ServerVersion): "Version",
		label(semconv.DefinitionChange): "Change", label(semconv.DefinitionKind): "Kind", label(semconv.Anomaly): "Finding",
		"alertname": "Alert", "severity": "Severity",
	}
	hidden := map[string]bool{"Time": true}
	for i, q := range p.queries {
		names["Value #"+refID(i)] = q.legend
	}
	if len(p.queries) == 1 {
		names["Value"] = p.queries[0].legend
	}
	b.WithTransformation(dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}})
	b.WithTransformation(dashboard.DataTransformerConfig{
		Id: "organize", Options: map[string]any{"renameByName": names, "excludeByName": hidden},
	})
}

func refID(i int) string { return string(rune('A' + i)) }

// build returns Grafana's query.
func (q query) build(k kind) *prometheus.DataqueryBuilder {
	b := prometheus.NewDataqueryBuilder().Datasource(source).Expr(q.expr).LegendFormat(q.legend)
	switch k {
	case curves:
		b.Range()
	case heat:
		b.Range().Format(prometheus.PromQueryFormatHeatmap)
	case rows:
		b.Instant().Format(prometheus.PromQueryFormatTable)
	default:
		b.Instant()
	}
	if q.exemplars {
		b.Exemplar(true)
	}
	return b
}

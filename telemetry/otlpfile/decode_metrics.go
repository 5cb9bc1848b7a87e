package otlpfile

import (
	"fmt"
	"slices"

	"go.opentelemetry.io/otel/attribute"
)

// Metrics reads a line of metrics: those of the given names, as far as their points are numbers.
func (r *Reader) Metrics(line []byte, names ...string) (all []Metric, err error) {
	r.start(line)
	var o Origin
	r.line(&o, "resourceMetrics", "scopeMetrics", "metrics", func() {
		r.take(itemRoom)
		if m := r.metric(); slices.Contains(names, m.Name) {
			all = append(all, m)
		}
	})
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("a line of metrics: %w", err)
	}
	return all, nil
}

// pointRoom is the room of a point, as spanRoom is that of a span.
const pointRoom = 384

func (r *Reader) metric() (m Metric) {
	data := func(form Form) {
		m.Form = form
		r.object(func(name []byte) {
			switch string(name) {
			case "dataPoints":
				r.array(func() {
					r.take(pointRoom)
					m.Points = append(m.Points, r.point())
				})
			case "isMonotonic":
				m.Monotonic = r.bool()
			default:
				r.value()
			}
		})
	}
	r.object(func(name []byte) {
		switch string(name) {
		case "name":
			m.Name = r.string()
		case "description":
			m.Description = r.string()
		case "unit":
			m.Unit = r.string()
		case "gauge":
			data(Gauge)
		case "sum":
			data(Sum)
		default:
			r.value()
		}
	})
	return m
}

func (r *Reader) point() (p Point) {
	r.object(func(name []byte) {
		switch string(name) {
		case "attributes":
			p.Attributes = r.attributes()
		case "startTimeUnixNano":
			p.Start = r.time()
		case "timeUnixNano":
			p.Time = r.time()
		case "asInt":
			p.Value = attribute.Int64Value(r.integer())
		case "asDouble":
			p.Value = attribute.Float64Value(r.double())
		default:
			r.value()
		}
	})
	return p
}

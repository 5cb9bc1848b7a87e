// Command weather is an MCP server that knows the weather of three cities. It knows nothing of telemetry.
package main

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

var forecasts = map[string]string{"lisbon": "sunny, 24 °C", "oslo": "snow, -3 °C", "quito": "cloudy, 17 °C"}

type question struct {
	City string `json:"city" jsonschema:"Lisbon, Oslo or Quito"`
}

func main() {
	server := mcp.NewServer(&mcp.Implementation{Name: "weather", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "get_forecast", Description: "Returns the weather of a city"}, forecast)
	if err := server.Run(context.Background(), &mcp.StdioTransport{}); err != nil {
		log.Fatal(err)
	}
}

func forecast(_ context.Context, _ *mcp.CallToolRequest, q question) (*mcp.CallToolResult, any, error) {
	text, ok := forecasts[strings.ToLower(q.City)]
	if !ok {
		return nil, nil, fmt.Errorf("there is no forecast for %s", q.City)
	}
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: q.City + ": " + text}}}, nil, nil
}

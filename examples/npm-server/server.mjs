// The server. It knows nothing of telemetry.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const forecasts = { lisbon: 'sunny, 24 °C', oslo: 'snow, -3 °C', quito: 'cloudy, 17 °C' };

const server = new McpServer({ name: 'weather-server', version: '1.0.0' });

server.registerTool(
  'get_forecast',
  { description: 'Returns the weather of a city', inputSchema: { city: z.string().describe('Lisbon, Oslo or Quito') } },
  ({ city }) => {
    const forecast = forecasts[city.toLowerCase()];
    return forecast
      ? { content: [{ type: 'text', text: `${city}: ${forecast}` }] }
      : { content: [{ type: 'text', text: `there is no forecast for ${city}` }], isError: true };
  },
);

await server.connect(new StdioServerTransport());

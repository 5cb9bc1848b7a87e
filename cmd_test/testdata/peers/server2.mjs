// server2 is an MCP server by the TypeScript SDK 2.x, for clients of 2026-07-28 and of the versions before it.
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

serveStdio(() => {
  const server = new McpServer({ name: 'spanpipe-test-server', version: '2.0.0' });
  server.registerTool(
    'add',
    { description: 'Adds two numbers', inputSchema: z.object({ a: z.number(), b: z.number() }) },
    ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }] }),
  );
  server.registerTool('fail', { description: 'Fails' }, () => ({ content: [{ type: 'text', text: 'no luck' }], isError: true }));
  server.registerTool('slow', { description: 'Takes longer than anybody waits' }, () => new Promise(resolve => setTimeout(resolve, 600_000)));
  server.registerResource('greeting', 'test://greeting', { description: 'A greeting' }, uri => ({
    contents: [{ uri: uri.href, text: 'hello' }],
  }));
  server.registerPrompt('ask', { description: 'Asks', argsSchema: z.object({ what: z.string() }) }, ({ what }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `What is ${what}?` } }],
  }));
  return server;
});

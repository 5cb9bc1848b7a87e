// client2 talks to server2.mjs with the TypeScript SDK 2.x:
//
//   node client2.mjs auto|legacy|2026-07-28 command args…
//
// The first argument is how the protocol version is found: "auto" probes with server/discover on a short-lived process of
// its own, a version insists on it, "legacy" is initialize. It prints what the client made of each answer, one JSON line
// each. PEER_ENV is as for client1.mjs.
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport, getDefaultEnvironment } from '@modelcontextprotocol/client/stdio';

const [mode, command, ...args] = process.argv.slice(2);

const client = new Client(
  { name: 'spanpipe-test-client', version: '2.0.0' },
  { versionNegotiation: { mode: mode === 'auto' || mode === 'legacy' ? mode : { pin: mode } } },
);
const env = { ...getDefaultEnvironment(), ...JSON.parse(process.env.PEER_ENV ?? '{}') };
await client.connect(new StdioClientTransport({ command, args, env }));

const say = async (what, answer) => {
  let outcome;
  try {
    outcome = { result: await answer };
  } catch (error) {
    outcome = { error: error.message, code: error.code };
  }
  console.log(JSON.stringify({ what, ...outcome }));
};

await say('tools', client.listTools());
await say('resources', client.listResources());
await say('prompts', client.listPrompts());
await say('add', client.callTool({ name: 'add', arguments: { a: 2, b: 3 } }));
await say('wrong arguments', client.callTool({ name: 'add', arguments: { a: 'two' } }));
await say('fail', client.callTool({ name: 'fail', arguments: {} }));
await say('unknown tool', client.callTool({ name: 'no-such-tool', arguments: {} }));
await say('resource', client.readResource({ uri: 'test://greeting' }));
await say('unknown resource', client.readResource({ uri: 'test://no/such' }));
await say('prompt', client.getPrompt({ name: 'ask', arguments: { what: 'this' } }));
await say('several at once', Promise.all([1, 2, 3, 4].map(a => client.callTool({ name: 'add', arguments: { a, b: 1 } }))));
const controller = new AbortController();
const slow = client.callTool({ name: 'slow', arguments: {} }, { signal: controller.signal });
// The first is on its way before the call is; the second is answered after the server has begun with the call.
for (let i = 0; i < 2; i++) await client.listTools(undefined, { cacheMode: 'refresh' });
controller.abort('changed my mind');
await say('a cancelled call', slow);
await client.close();

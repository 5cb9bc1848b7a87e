// client1 talks to a server with the TypeScript SDK 1.x, as a host would:
//
//   node client1.mjs everything|filesystem|memory|thinking|conformance command args…
//
// It prints what the client made of each answer, one JSON line each. PEER_ENV holds, as JSON, the variables of the
// configuration's "env" block; like a host it passes these and a few of its own.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport, getDefaultEnvironment } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { conversations } from './conversations.mjs';

const [topic, command, ...args] = process.argv.slice(2);

// The filesystem server would use the client's roots as its allowed directories, at an unpredictable time.
const roots = topic === 'everything';
const client = new Client(
  { name: 'spanpipe-test-client', version: '1.0.0' },
  { capabilities: { sampling: {}, elicitation: {}, ...(roots && { roots: { listChanged: true } }) } },
);
if (roots) {
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///project', name: 'project' }] }));
}
client.setRequestHandler(CreateMessageRequestSchema, request => ({
  model: 'stub',
  role: 'assistant',
  content: { type: 'text', text: `answer to ${request.params.messages.length} message` },
}));
client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'decline' }));

// The server logs when it has the client's roots: what is said later cannot cross it on the way.
const rootsKnown = new Promise(resolve => {
  client.setNotificationHandler(LoggingMessageNotificationSchema, notification => {
    if (String(notification.params.data).includes('oots')) resolve();
  });
});

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
await conversations[topic](client, say, rootsKnown);
await client.close();

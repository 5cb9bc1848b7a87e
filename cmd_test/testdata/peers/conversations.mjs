// What a client says to each of the servers. Every call awaits its answer before the next, except where several at once
// are the point, so the order of messages in each direction is the same in every run.
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';

const call = (client, name, args = {}, options) => client.callTool({ name, arguments: args }, CallToolResultSchema, options);

async function everything(client, say, rootsKnown) {
  await rootsKnown;
  await say('ping', client.ping());
  await say('tools', client.listTools());
  await say('prompts', client.listPrompts());
  await say('resources', client.listResources());
  await say('templates', client.listResourceTemplates());
  await say('echo', call(client, 'echo', { message: 'grüße \u2028 "quoted" \\ 😀' }));
  await say('sum', call(client, 'get-sum', { a: 2, b: 3 }));
  await say('environment', call(client, 'get-env'));
  await say('image', call(client, 'get-tiny-image'));
  await say('structured', call(client, 'get-structured-content', { location: 'Chicago' }));
  await say('links', call(client, 'get-resource-links', { count: 2 }));
  await say('wrong arguments', call(client, 'echo', { message: 1 }));
  await say('unknown tool', call(client, 'no-such-tool'));
  const { length } = (await call(client, 'echo', { message: 'x'.repeat(1 << 20) })).content[0].text;
  await say('a large message', length);
  await say('several at once', Promise.all([...'abcdefghij'].map(message => call(client, 'echo', { message }))));
  await say('with progress', call(client, 'trigger-long-running-operation', { duration: 0.2, steps: 2 }, { onprogress() {} }));
  await say('sampling', call(client, 'trigger-sampling-request', { prompt: 'hello', maxTokens: 10 }));
  await say('elicitation', call(client, 'trigger-elicitation-request'));
  await say('a cancelled call', cancelled(client));
  await say('document', client.readResource({ uri: 'demo://resource/static/document/features.md' }));
  await say('dynamic', client.readResource({ uri: 'demo://resource/dynamic/text/1' }));
  await say('unknown resource', client.readResource({ uri: 'demo://no/such' }));
  await say('subscribe', client.subscribeResource({ uri: 'demo://resource/dynamic/text/1' }));
  await say('unsubscribe', client.unsubscribeResource({ uri: 'demo://resource/dynamic/text/1' }));
  await say('prompt', client.getPrompt({ name: 'simple-prompt' }));
  await say('prompt with arguments', client.getPrompt({ name: 'args-prompt', arguments: { city: 'Ulm' } }));
  await say('unknown prompt', client.getPrompt({ name: 'no-such-prompt' }));
  await say('completion', client.complete({
    ref: { type: 'ref/prompt', name: 'completable-prompt' }, argument: { name: 'department', value: 'S' },
  }));
  await say('level', client.setLoggingLevel('error'));
  await say('the end', client.ping());
}

// cancelled gives up on a call that takes longer than anybody waits.
async function cancelled(client) {
  const controller = new AbortController();
  const answer = call(client, 'trigger-long-running-operation', { duration: 600, steps: 1 }, { signal: controller.signal });
  await client.ping(); // answered after the server has begun with the call
  controller.abort('changed my mind');
  return answer;
}

async function filesystem(client, say) {
  const root = process.env.PEER_DIRECTORY;
  await say('tools', client.listTools());
  await say('allowed', call(client, 'list_allowed_directories'));
  await say('write', call(client, 'write_file', { path: `${root}/a.txt`, content: 'first\nsecond\r\nthird' }));
  await say('read', call(client, 'read_text_file', { path: `${root}/a.txt` }));
  await say('edit', call(client, 'edit_file', { path: `${root}/a.txt`, edits: [{ oldText: 'first', newText: '1st' }] }));
  await say('directory', call(client, 'create_directory', { path: `${root}/sub` }));
  await say('move', call(client, 'move_file', { source: `${root}/a.txt`, destination: `${root}/sub/b.txt` }));
  await say('list', call(client, 'list_directory', { path: root }));
  await say('tree', call(client, 'directory_tree', { path: root }));
  await say('search', call(client, 'search_files', { path: root, pattern: '**/b.txt' }));
  await say('large', call(client, 'write_file', { path: `${root}/large.txt`, content: 'line of text\n'.repeat(100_000) }));
  await say('large again', call(client, 'read_text_file', { path: `${root}/large.txt` }));
  await say('missing', call(client, 'read_text_file', { path: `${root}/missing` }));
  await say('forbidden', call(client, 'read_text_file', { path: '/etc/passwd' }));
}

async function memory(client, say) {
  await say('tools', client.listTools());
  await say('create', call(client, 'create_entities', {
    entities: ['Ada', 'Grace'].map(name => ({ name, entityType: 'person', observations: [`${name} programs`] })),
  }));
  await say('relate', call(client, 'create_relations', { relations: [{ from: 'Ada', to: 'Grace', relationType: 'inspires' }] }));
  await say('observe', call(client, 'add_observations', { observations: [{ entityName: 'Ada', contents: ['likes numbers'] }] }));
  await say('observe an unknown entity', call(client, 'add_observations', { observations: [{ entityName: 'Hedy', contents: [] }] }));
  await say('search', call(client, 'search_nodes', { query: 'numbers' }));
  await say('open', call(client, 'open_nodes', { names: ['Grace'] }));
  await say('delete', call(client, 'delete_entities', { entityNames: ['Ada'] }));
  await say('graph', call(client, 'read_graph'));
  await say('invalid', call(client, 'open_nodes', { names: 'Grace' }));
}

async function thinking(client, say) {
  await say('tools', client.listTools());
  for (const thoughtNumber of [1, 2, 3]) {
    const thought = `Step ${thoughtNumber}`;
    await say('thought', call(client, 'sequentialthinking', {
      thought, thoughtNumber, totalThoughts: 3, nextThoughtNeeded: thoughtNumber < 3,
    }));
  }
  await say('wrong arguments', call(client, 'sequentialthinking', { thought: 1 }));
}

// conformance is a conversation with the Go SDK's server for the conformance suite.
async function conformance(client, say) {
  await say('tools', client.listTools());
  await say('resources', client.listResources());
  await say('prompts', client.listPrompts());
  await say('text', call(client, 'test_simple_text'));
  await say('mixed', call(client, 'test_multiple_content_types'));
  await say('with progress', call(client, 'test_tool_with_progress', {}, { onprogress() {} }));
  await say('an error', call(client, 'test_error_handling'));
  await say('sampling', call(client, 'test_sampling', { prompt: 'hello' }));
  await say('elicitation', call(client, 'test_elicitation', { message: 'well?' }));
  await say('unknown tool', call(client, 'no-such-tool'));
  await say('resource', client.readResource({ uri: 'test://static-text' }));
  await say('unknown resource', client.readResource({ uri: 'test://no/such' }));
  await say('prompt', client.getPrompt({ name: 'test_simple_prompt' }));
}

export const conversations = { everything, filesystem, memory, thinking, conformance };

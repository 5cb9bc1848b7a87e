// What PRIVACY.md promises. It needs spanpipe on the PATH.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const start = [process.execPath, join(root, 'start.mjs')];

// forecast starts a command, asks it for the weather of a city, ends it, and returns the text of the answer.
async function forecast([command, ...args], city, variables = {}) {
  const child = spawn(command, args, { env: { PATH: process.env.PATH, ...variables }, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const send = message => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const clientInfo = { name: 'test', version: '1.0.0' };
  send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } });
  let text;
  for await (const line of createInterface({ input: child.stdout })) {
    const { id, result } = JSON.parse(line);
    if (id === 1) {
      send({ method: 'notifications/initialized' });
      send({ id: 2, method: 'tools/call', params: { name: 'get_forecast', arguments: { city } } });
    } else {
      text = result.content[0].text;
      child.stdin.end();
    }
  }
  assert.deepEqual(await ended, [0, null]);
  return text;
}

test('the server answers alike with and without telemetry', async () => {
  const want = 'Oslo: snow, -3 °C';
  assert.equal(await forecast(start, 'Oslo'), want);
  assert.equal(await forecast(start, 'Oslo', { WEATHER_TELEMETRY: '1', DO_NOT_TRACK: '1' }), want);
  assert.equal(await forecast(start, 'Oslo', { SPANPIPE_TELEMETRY: 'console' }), want);
});

test('what would be sent has names and no content', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'seen-'));
  const seen = join(directory, 'seen.jsonl');
  await forecast(['spanpipe', 'preview', '--out', seen, '--', ...start], 'Canary-7f3a');
  const text = readFileSync(seen, 'utf8');
  rmSync(directory, { recursive: true });
  assert.match(text, /tools\/call get_forecast/);
  assert.doesNotMatch(text, /Canary-7f3a/i);
});

test('PRIVACY.md is what the settings do', () => {
  const text = execFileSync('npm', ['run', '--silent', 'privacy'], { cwd: root, encoding: 'utf8' });
  assert.equal(text, readFileSync(join(root, 'PRIVACY.md'), 'utf8'));
});

// conformance runs the official conformance suite against a stdio server behind supergateway:
//
//   node conformance.mjs <results directory> command args…
//
// supergateway listens on every interface, so this belongs in a network namespace of its own, whose loopback interface
// is all there is. The suite's exit status is not ours: the results are for the caller to judge.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const [results, ...command] = process.argv.slice(2);
const port = '8000';
const packages = `${import.meta.dirname}/node_modules`;

const quoted = command.map(word => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
const gateway = spawn(process.execPath, [
  `${packages}/supergateway/dist/index.js`, '--stdio', quoted, '--outputTransport', 'streamableHttp', '--stateful',
  '--port', port, '--logLevel', 'none',
], { stdio: ['ignore', 'inherit', 'inherit'], detached: true });

const listening = () => new Promise(resolve => {
  const socket = net.connect(Number(port), '127.0.0.1', () => resolve(true));
  socket.on('connect', () => socket.destroy());
  socket.on('error', () => resolve(false));
});
while (!(await listening())) {
  if (gateway.exitCode !== null) throw new Error(`supergateway ended with ${gateway.exitCode}`);
  await sleep(50);
}

const suite = spawn(process.execPath, [
  `${packages}/@modelcontextprotocol/conformance/dist/index.js`, 'server', '--url', `http://127.0.0.1:${port}/mcp`,
  '--output-dir', results,
], { stdio: ['ignore', 'inherit', 'inherit'] });
const [code] = await once(suite, 'exit');
console.log(`the suite ended with ${code}`);

process.kill(-gateway.pid, 'SIGTERM'); // and the servers it has started
const [status, signal] = await once(gateway, 'exit');
console.log(`supergateway ended with ${status ?? signal}`);

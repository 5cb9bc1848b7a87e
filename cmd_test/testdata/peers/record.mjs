// record stands between a client and the command it starts, and keeps what it saw from the client's side:
//
//   node record.mjs <directory> command args…
//
// Each start takes a new subdirectory "0", "1", … and leaves there the bytes to the command ("in"), from it ("out") and
// on its stderr ("err"), and how it ended ("exit.json": code and signal). It hands on bytes, end of input and signals,
// and ends as the command did.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const [root, command, ...args] = process.argv.slice(2);

let dir;
for (let n = 0; dir === undefined; n++) {
  try {
    fs.mkdirSync(path.join(root, String(n)));
    dir = path.join(root, String(n));
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
}
const keep = name => {
  const file = fs.openSync(path.join(dir, name), 'w');
  return data => fs.writeSync(file, data);
};
const [keepIn, keepOut, keepErr] = ['in', 'out', 'err'].map(keep);

const child = spawn(command, args, { stdio: 'pipe' });
child.on('error', error => {
  keepErr(String(error));
  process.exit(127);
});

process.stdin.on('data', data => {
  keepIn(data);
  child.stdin.write(data);
});
process.stdin.on('end', () => child.stdin.end());
child.stdin.on('error', () => {}); // the command has closed its input or ended, which exit.json tells

child.stdout.on('data', data => {
  keepOut(data);
  process.stdout.write(data);
});
process.stdout.on('error', () => child.stdout.destroy());
child.stderr.on('data', data => {
  keepErr(data);
  process.stderr.write(data);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));

child.on('close', (code, signal) => {
  fs.writeFileSync(path.join(dir, 'exit.json'), JSON.stringify({ code, signal }));
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});

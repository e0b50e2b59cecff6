/**
 * The Auth emulator of firebase-tools without its command line, which would also start a hub and a logging server and
 * look for news on the network. Arguments: project id, and the file its accounts are kept in (none: memory only).
 */
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { standInForProviders } from './firebase/provider-stand-in.js';
import { root } from './paths.js';

type Middleware = (document: unknown, options: object) => unknown;

const [projectId = 'demo-gatehouse', accountsFile] = process.argv.slice(2);
const OWNER = { authorization: 'Bearer owner', 'content-type': 'application/json' };

// Its files are not exported for others; the lockfile pins the version this was written against.
const firebaseTools = createRequire(join(root, 'node_modules', 'firebase-tools', 'package.json'));

// It compiles the schemas of all of its 103 operations at start: 6.3 s. With exegesis' own lazy option: 0.7 s.
const exegesis = firebaseTools('exegesis-express') as { middleware: Middleware };
const { middleware } = exegesis;
exegesis.middleware = (document, options) =>
  middleware(document, { ...options, lazyCompileValidationSchemas: true });

const { createApp } = firebaseTools('./lib/emulator/auth/server.js') as {
  createApp(projectId: string): Promise<RequestListener>;
};

const emulator = await createApp(projectId);
const server = createServer((request, response) => {
  if (!standInForProviders(() => url, request, response)) emulator(request, response);
});
await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const accountsUrl = `${url}/identitytoolkit.googleapis.com/v1/projects/${projectId}/accounts`;

await restore();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
process.send?.({ type: 'ready', url });
process.channel?.unref();

async function restore(): Promise<void> {
  if (!accountsFile || !existsSync(accountsFile)) return;
  const { users } = JSON.parse(readFileSync(accountsFile, 'utf8')) as { users: unknown[] };
  if (users.length === 0) return;
  const answer = await fetch(`${accountsUrl}:batchCreate`, {
    method: 'POST',
    headers: OWNER,
    body: JSON.stringify({ users }),
  });
  if (!answer.ok) throw new Error(`${accountsFile} could not be read back: ${await answer.text()}`);
}

async function save(file: string): Promise<void> {
  const answer = await fetch(`${accountsUrl}:batchGet?maxResults=-1`, { headers: OWNER });
  const { users = [] } = (await answer.json()) as { users?: unknown[] };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify({ users }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

async function stop(): Promise<void> {
  if (accountsFile) await save(accountsFile);
  server.close();
  server.closeAllConnections();
  process.exit(0);
}

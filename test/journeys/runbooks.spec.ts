import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { INHERITED } from '../support/environment.js';
import { journeyProduct } from '../support/journey.js';
import { call, type RegisteredBody, signUp, succeed } from '../support/person.js';
import { type Command, commandsOf, isAsWritten } from '../support/readme.js';

const PAGE = 'docs/runbooks/signing-key-rollout.md';
/** Stands where the reader has restarted the API with a store. */
const RESTARTED = '<!-- the API has been restarted -->';
/** Between what two commands print; no command prints it. */
const MARK = '\u001e';

const restartLine = readFileSync(PAGE, 'utf8').split(RESTARTED)[0]!.split('\n').length;
const [opening, ...rest] = commandsOf(PAGE) as [Command, ...Command[]];
const before = [opening, ...rest.filter((one) => one.line < restartLine)];
const after = [opening, ...rest.filter((one) => one.line > restartLine)];

const product = journeyProduct({ AUTH_JWKS_MAX_AGE_SECONDS: '2' });
let place: string;
let keys: string;

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'gatehouse-runbook-'));
  keys = join(place, 'keys');
  mkdirSync(keys, { mode: 0o700 });
  for (const name of ['dist', 'node_modules', 'package.json'])
    symlinkSync(join(process.cwd(), name), join(place, name));
  writeFileSync(join(place, 'secrets.env'), '');
  settings({});
});

afterAll(() => {
  if (place) rmSync(place, { recursive: true, force: true });
});

describe(PAGE, () => {
  it('runs as it is written, and throws nobody out', async () => {
    const ada = await signUp(product.api.url);
    expect(before.length + after.length).toBeGreaterThan(6);
    await prints(before);

    await product.api.stop();
    settings({ AUTH_KEYS_DIR: keys });
    const { port } = new URL(product.api.url);
    await product.startApi({ PORT: port, AUTH_KEYS_DIR: keys });

    const stolen = after.findIndex((one) => one.text.includes('keys revoke'));
    await prints(after.slice(0, stolen));
    expect(await me(ada.access_token)).toBe(200);

    await prints([opening, ...after.slice(stolen)]);
    const { access_token } = await succeed<RegisteredBody>(`${product.v1}/auth/refresh`, {
      body: { refresh_token: ada.refresh_token },
    });
    expect(await me(access_token)).toBe(200);
  }, 90_000);
});

const me = async (bearer: string) => (await call(`${product.v1}/auth/me`, { bearer })).status;

function settings(more: Record<string, string>): void {
  const lines = Object.entries({ ...product.env, ...more }).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(join(place, 'gatehouse.env'), lines.join(''));
}

/** One shell for these, as an operator would have; each prints what the page says. */
async function prints(commands: readonly Command[]): Promise<void> {
  const script = commands.map((one) => `${ours(one.text)}\nprintf '${MARK}'\n`).join('');
  const path = `${dirname(process.execPath)}:${process.env.PATH}`;
  const child = spawn('sh', ['-eu'], {
    cwd: place,
    env: { ...INHERITED, HOME: place, PATH: path },
    timeout: 60_000,
  });
  child.stdin.end(script);
  const [out, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const printed = out.split(MARK);
  if (printed.length !== commands.length + 1)
    throw new Error(`The command of line ${commands[printed.length - 1]?.line} failed:\n${complaints}`);
  for (const [at, { prints: wanted }] of commands.entries())
    if (wanted !== null && !isAsWritten(wanted, printed[at]!)) expect(printed[at]).toBe(wanted);
}

/** Our own API in the place of example.com's, and seconds for what takes an operator minutes. */
const ours = (written: string) =>
  written.replaceAll('https://gatehouse.example.com', product.api.url).replaceAll('sleep 30', 'sleep 1');

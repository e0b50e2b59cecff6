import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatehouseApi } from '#sdk';
import { keyOf } from '../support/customer.js';
import { apiOutage, journeyProduct } from '../support/journey.js';
import { type Program, startProgram, stateOf } from '../support/machine.js';
import { signUp } from '../support/person.js';

const MAIN = join(process.cwd(), 'dist', 'libs', 'sdk', 'src', 'cli', 'main.js');
const DAY_S = 86_400;
const product = journeyProduct();
const server = apiOutage(product);
let url: string;

beforeAll(() => {
  url = product.api.url;
});

const start = (state: string, args: readonly string[], variables: Record<string, string> = {}): Program =>
  startProgram(process.execPath, [MAIN, ...args], { GATEHOUSE_STATE_DIR: state, ...variables });

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

async function gatehouse(
  state: string,
  args: readonly string[],
  variables?: Record<string, string>,
): Promise<Ended> {
  const program = start(state, args, variables);
  const [code] = await program.ended;
  return { code, out: program.output(), err: program.complaints() };
}

const node = (source: string) => ['--', process.execPath, '--eval', source];
/** Runs until it is told to end; says so when it has begun. */
const LASTING = node(`console.log('begun'); setInterval(() => undefined, 1000);`);

/** A machine that was put under a new licence of one seat. */
async function activatedMachine(name = 'ada') {
  const owner = await signUp(url);
  const state = stateOf(name);
  const args = ['activate', keyOf(owner), '--url', url, '--hardware-id', name];
  const activated = await gatehouse(state, args);
  if (activated.code !== 0) throw new Error(`It was not activated: ${activated.err}`);
  return { owner, state, activated };
}

describe('gatehouse activate', () => {
  it('puts a machine under a licence, and shows no key whole', async () => {
    const { owner, state, activated } = await activatedMachine();
    const key = keyOf(owner);
    expect(activated.out).toContain('Activated GH-FREE-************-');
    expect(activated.err).toContain(`Trusting ${url} on first use`);
    expect(activated.out + activated.err).not.toContain(key);
    for (const name of readdirSync(state)) expect(statSync(join(state, name)).mode & 0o777).toBe(0o600);

    const told = await gatehouse(state, ['status', '--json']);
    expect(JSON.parse(told.out)).toMatchObject({
      state: 'fresh',
      plan: 'FREE',
      entitlements: ['commands:execute'],
      license_id: owner.license.id,
      url,
      seat: null,
    });
    expect(told).toMatchObject({ code: 0, err: '' });
    expect(told.out).not.toContain(key);
    // The seat was only tried: another machine gets it.
    expect((await gatehouse(stateOf('eve'), ['activate', key, '--url', url])).code).toBe(0);
  });

  it('forgives how people type, and finds a mistyped key without asking anybody', async () => {
    const owner = await signUp(url);
    const key = keyOf(owner);
    const sloppy = ` ${key.toLowerCase().replaceAll('-', ' - ')} `;
    expect((await gatehouse(stateOf('ada'), ['activate', sloppy, '--url', url])).code).toBe(0);
    const typo = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;
    const refused = await gatehouse(stateOf('ada'), ['activate', typo, '--url', 'http://127.0.0.1:9']);
    expect(refused).toMatchObject({ code: 64, out: '' });
    expect(refused.err).toContain('at least one character');
  });

  it('is refused an unknown key, and says when nobody answers', async () => {
    const unknown = await gatehouse(stateOf('ada'), ['activate', 'GH-LEGACYKEY001', '--url', url]);
    expect(unknown).toMatchObject({ code: 77, out: '' });
    const nobody = await gatehouse(stateOf('ada'), [
      'activate',
      'GH-LEGACYKEY001',
      '--url',
      'http://127.0.0.1:9',
    ]);
    expect(nobody).toMatchObject({ code: 69, out: '' });
    expect(nobody.err).toContain('http://127.0.0.1:9 cannot be reached');
  });

  it('sends no key over bare HTTP to another machine, unless that is allowed for that server', async () => {
    const state = stateOf('ada');
    const elsewhere = ['--url', 'http://licences.invalid'];
    const activate = ['activate', 'GH-LEGACYKEY001', ...elsewhere];
    expect(await gatehouse(state, activate)).toMatchObject({
      code: 64,
      out: '',
      err: expect.stringContaining('--allow-http'),
    });
    expect((await gatehouse(state, [...activate, '--allow-http'])).code).toBe(69);
    expect((await gatehouse(state, activate, { GATEHOUSE_ALLOW_HTTP: 'true' })).code).toBe(69);

    const activation = {
      ...{ version: 1, url: elsewhere[1], license_key: 'GH-LEGACYKEY001', hardware_id: null, anchors: [] },
      ...{ issuer: null, offline: false, activated_at: '2026-03-01T12:00:00Z' },
    };
    const run = async (allow_http: boolean, ...args: string[]) => {
      writeFileSync(join(state, 'activation.json'), JSON.stringify({ ...activation, allow_http }));
      return (await gatehouse(state, ['run', ...args, ...LASTING])).code;
    };
    expect([await run(true), await run(false), await run(true, ...elsewhere)]).toEqual([69, 64, 64]);
  });

  it('works without a network, by a file there and a file back', async () => {
    const owner = await signUp(url);
    await product.admin(
      'license',
      'change-plan',
      owner.license.id,
      '--plan',
      'ENTERPRISE',
      '--reason',
      'sold',
    );
    const [first] = (await new GatehouseApi({ url }).keys()).keys;
    const anchor = `${first?.kid}:${first?.x}`;
    const state = stateOf('island');
    const [request, response] = [join(state, 'ask.json'), join(state, 'answer.json')];
    const ask = () => gatehouse(state, ['activate', keyOf(owner), '--request', request]);
    const sign = () =>
      product.admin('license', 'activate', '--request', request, '--out', response, '--reason', 'sold');
    const accept = (...more: string[]) => gatehouse(state, ['activate', '--response', response, ...more]);

    expect(await ask()).toMatchObject({ code: 0, err: '' });
    expect(statSync(request).mode & 0o777).toBe(0o600);
    await sign();
    expect(await accept()).toMatchObject({ code: 77, err: expect.stringContaining('--anchor') });
    // Another request has been made since: this answer is to an older one.
    await ask();
    const old = await accept('--anchor', anchor);
    expect(old).toMatchObject({ code: 77, err: expect.stringContaining('WRONG_NONCE') });
    await sign();
    expect(await accept('--anchor', anchor)).toMatchObject({ code: 0, err: '' });
    const told = node('console.log(process.env.GATEHOUSE_STATE, process.env.GATEHOUSE_PLAN)');
    const ran = await gatehouse(state, ['run', '--require', 'sso:use', ...told]);
    expect(ran).toEqual({ code: 0, out: 'fresh ENTERPRISE\n', err: '' });

    await ask();
    writeFileSync(response, 'x'.repeat(1_000_000));
    const large = await accept('--anchor', anchor);
    expect(large).toMatchObject({ code: 77, err: expect.stringContaining('TOO_LARGE') });
    expect(await gatehouse(state, ['deactivate'])).toMatchObject({ code: 0 });
    expect((await gatehouse(state, ['status'])).code).toBe(77);
  });
});

describe('gatehouse run', () => {
  it('passes on arguments, output and the exit code', async () => {
    const { state } = await activatedMachine();
    const echo = node(
      `console.log(process.argv.slice(1).join('|')); console.error('aside'); process.exit(3)`,
    );
    const ran = await gatehouse(state, ['run', ...echo, '--', 'a b', '--json']);
    expect(ran).toMatchObject({ code: 3, out: 'a b|--json\n' });
    expect(ran.err).toContain('aside');
  });

  it('holds a seat while the command runs: the next is refused with a sentence and 77', async () => {
    const { owner, state } = await activatedMachine();
    const held = start(state, ['run', ...LASTING]);
    await held.said('begun');
    const eve = { GATEHOUSE_URL: url, GATEHOUSE_LICENSE_KEY: keyOf(owner), GATEHOUSE_HARDWARE_ID: 'eve' };
    const refused = await gatehouse(stateOf('eve'), ['run', ...LASTING], eve);
    expect(refused).toMatchObject({ code: 77, out: '' });
    expect(refused.err).toContain('The only seat of the licence is taken.');
    held.child.kill('SIGTERM');
    await held.ended;
    const free = await gatehouse(stateOf('eve'), ['run', ...node('console.log("mine")')], eve);
    expect(free).toMatchObject({ code: 0, out: 'mine\n' });
  });

  it('passes signals on, and ends with 128 and their number', async () => {
    const { state } = await activatedMachine();
    for (const [signal, number] of [
      ['SIGTERM', 15],
      ['SIGINT', 2],
    ] as const) {
      const program = start(state, ['run', ...LASTING]);
      await program.said('begun');
      program.child.kill(signal);
      expect(await program.ended).toEqual([128 + number, null]);
    }
    const deaf = node(
      `process.on('SIGTERM', () => process.exit(9)); console.log('begun'); setInterval(() => 0, 1000)`,
    );
    const own = start(state, ['run', ...deaf]);
    await own.said('begun');
    own.child.kill('SIGTERM');
    expect(await own.ended).toEqual([9, null]);
  });

  it('ends as shells do when there is no such command', async () => {
    const { state } = await activatedMachine();
    expect((await gatehouse(state, ['run', '--', 'no-such-command-of-ours'])).code).toBe(127);
    expect((await gatehouse(state, ['run', '--', state])).code).toBe(126);
  });

  it('refuses what the licence does not grant', async () => {
    const { state } = await activatedMachine();
    const refused = await gatehouse(state, ['run', '--require', 'sso:use', ...LASTING]);
    expect(refused).toMatchObject({ code: 77, out: '' });
    expect(refused.err).toContain('does not grant sso:use');
  });

  it('goes on while the server is away, and says so', async () => {
    const { state } = await activatedMachine();
    await server.stop();
    const ran = await gatehouse(state, ['run', ...node('console.log(process.env.GATEHOUSE_STATE)')]);
    expect(ran).toMatchObject({ code: 0, out: 'fresh\n' });
  });

  it('needs a licence', async () => {
    const none = await gatehouse(stateOf('nobody'), ['run', ...LASTING]);
    expect(none).toMatchObject({ code: 77, out: '' });
    expect(none.err).toContain('gatehouse activate');
  });
});

it('works through grace into Free on a faked clock, and comes back with the server', async () => {
  const { state } = await activatedMachine();
  const later = (seconds: number) => ({ GATEHOUSE_CLOCK_OFFSET_SECONDS: String(seconds) });
  const show = ['run', ...node('console.log(process.env.GATEHOUSE_STATE)')];
  await server.stop();
  const grace = await gatehouse(state, show, later(DAY_S + 3600));
  expect(grace).toMatchObject({ code: 0, out: 'grace\n' });
  expect(grace.err).toContain('6 days of grace are left');
  const free = await gatehouse(state, show, later(9 * DAY_S));
  expect(free).toMatchObject({ code: 0, out: 'free\n' });
  expect(free.err).toContain('Running on Free: the server has not been reached for too long');
  expect((await gatehouse(state, ['status'], later(9 * DAY_S))).code).toBe(77);
  // Whoever sets the clock back to get out of it gets nothing by it.
  expect((await gatehouse(state, show)).out).toBe('clock_tampered\n');

  await server.restart();
  expect(await gatehouse(state, show)).toMatchObject({ code: 0, out: 'fresh\n' });
  expect((await gatehouse(state, ['status'])).code).toBe(0);
  const elsewhere = { ...later(DAY_S), GATEHOUSE_URL: 'https://licences.invalid' };
  expect((await gatehouse(state, ['status'], elsewhere)).err).toContain('was ignored');
});

describe('gatehouse deactivate', () => {
  it('gives the seat back and forgets the licence, not whom it trusted', async () => {
    const { state } = await activatedMachine();
    expect(await gatehouse(state, ['deactivate'])).toMatchObject({ code: 0, err: '' });
    expect(readdirSync(state)).not.toContain('activation.json');
    expect(readdirSync(state)).toContain('servers.json');
    expect((await gatehouse(state, ['status'])).code).toBe(77);
  });
});

describe('gatehouse called wrongly', () => {
  it.each([
    [['fly']],
    [['run']],
    [['run', 'sleep', '1']],
    [['status', '--', 'sleep']],
    [['activate', 'a', 'b']],
    [['activate', 'GH-LEGACYKEY001', '--url', 'ftp://x']],
    [['activate', 'GH-LEGACYKEY001', '--url', 'http://127.0.0.1:9', '--timeout', '3']],
    [['activate', 'GH-LEGACYKEY001', '--url', 'http://127.0.0.1:9', '--anchor', 'no-key']],
    [['activate', '--response', 'nowhere']],
  ])('ends with 64 and says what to do: %j', async (args) => {
    const ended = await gatehouse(stateOf('nobody'), args);
    expect(ended.code).toBe(64);
    expect(ended.err).toMatch(/^gatehouse: .+/);
  });

  it('helps', async () => {
    const help = await gatehouse(stateOf('nobody'), ['help']);
    expect(help).toMatchObject({ code: 0, err: '' });
    for (const word of ['activate', 'status', 'run', 'deactivate', 'GATEHOUSE_CLOCK_OFFSET_SECONDS', '77'])
      expect(help.out).toContain(word);
    expect((await gatehouse(stateOf('nobody'), ['run', '--help'])).out).toContain('128+n');
  });
});

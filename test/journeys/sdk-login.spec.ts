import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AuthClient, GatehouseApi } from '#sdk';
import { FormReader } from '../support/form-reader.js';
import { type Program, startProgram, stateOf } from '../support/machine.js';
import { mailsTo, tokenIn } from '../support/mail.js';
import { pagesProduct } from '../support/pages.js';
import { newEmail, PASSWORD, signUpByPassword } from '../support/person.js';
import { teamOf } from '../support/team.js';

const MAIN = join(process.cwd(), 'dist', 'libs', 'sdk', 'src', 'cli', 'main.js');
const product = pagesProduct();
const team = teamOf(product);
let url: string;
beforeAll(() => {
  url = product.api.url;
});

const start = (state: string, args: readonly string[], variables: Record<string, string> = {}): Program =>
  startProgram(process.execPath, [MAIN, ...args], { GATEHOUSE_STATE_DIR: state, ...variables });

async function gatehouse(state: string, args: readonly string[], variables?: Record<string, string>) {
  const program = start(state, args, variables);
  const [code] = await program.ended;
  return { code, out: program.output(), err: program.complaints() };
}

/** Somebody with an account, signed in at nothing yet. */
async function ada() {
  const email = newEmail();
  const made = await signUpByPassword(url, email);
  return { email, tenant: made.tenant, user: made.user };
}

/** Signs in on the page that a browser was sent to. */
async function signInAt(page: FormReader, email: string): Promise<void> {
  await page.press('Sign in', { email, password: PASSWORD });
}

/** Begins to sign in on a machine with a browser that the test plays. */
async function begun(state: string, ...more: string[]) {
  const program = start(state, ['login', '--url', url, '--no-browser', ...more]);
  await program.said('Waiting for the browser');
  const address = /^ {2}(http\S+)$/m.exec(program.output())?.[1] ?? '';
  return { program, address };
}

/** Signed in on this machine, by a browser. */
async function loggedIn(email: string, state: string, ...more: string[]) {
  const { program, address } = await begun(state, ...more);
  const page = new FormReader();
  await page.open(address);
  await signInAt(page, email);
  const asked = page.text;
  await page.press('Let it in');
  return { ended: await program.ended, program, page, asked };
}

const tokensIn = (state: string) => {
  const kept = JSON.parse(readFileSync(join(state, 'auth.json'), 'utf8')) as Record<string, string>;
  return [kept['access_token'], kept['refresh_token']] as const;
};

describe('gatehouse login on a machine with a browser (S1-56, S1-60, C40)', () => {
  it('asks in the browser, and signs in who agreed; nothing secret is shown', async () => {
    const { email, tenant } = await ada();
    const state = stateOf('laptop');
    const { ended, program, page, asked } = await loggedIn(email, state);
    expect([ended, program.complaints()]).toEqual([[0, null], '']);
    expect(program.output()).toContain(`Signed in as ${email} at ${tenant.name} (${tenant.slug}).`);
    expect(asked).toContain(email);
    expect([page.status, new URL(page.url).pathname]).toEqual([200, '/callback']);
    expect(page.text).toContain('Go back to your program');
    expect(statSync(join(state, 'auth.json')).mode & 0o777).toBe(0o600);
    for (const token of tokensIn(state)) expect(program.output() + page.html).not.toContain(token);

    const who = await gatehouse(state, ['whoami']);
    expect(who).toMatchObject({ code: 0, err: '' });
    expect(who.out).toContain(`${email}\nOrganisation: ${tenant.name} (${tenant.slug}), as owner\n`);
    const told = JSON.parse((await gatehouse(state, ['whoami', '--json'])).out) as object;
    expect(told).toMatchObject({ user: { email }, tenant: { id: tenant.id }, role: 'owner', url });

    expect(await gatehouse(state, ['logout'])).toMatchObject({ code: 0, out: 'Signed out.\n', err: '' });
    expect(await gatehouse(state, ['whoami', '--url', url])).toMatchObject({ code: 77, out: '' });
    expect((await gatehouse(state, ['logout'])).out).toBe('Nobody is signed in on this machine.\n');
  });

  it('goes on to the organisation that was named', async () => {
    const { email } = await ada();
    const api = new GatehouseApi({ url });
    await api.account.verifyEmail(tokenIn((await mailsTo(email))[0]));
    const elsewhere = new AuthClient({ url, directory: null });
    await elsewhere.signIn({ email, password: PASSWORD });
    const brook = await elsewhere.api.tenancy.create({ organizationName: 'Brook' });
    const state = stateOf('laptop');
    const { ended, program } = await loggedIn(email, state, '--tenant', brook.slug);
    expect([ended, program.complaints()]).toEqual([[0, null], '']);
    expect(program.output()).toContain(`Signed in as ${email} at Brook (${brook.slug}).`);
    const here = await new AuthClient({ url, directory: state }).me();
    expect(here.tenant.id).toBe(brook.id);
  });

  it('opens the browser by itself, with the program that BROWSER names', async () => {
    const { email } = await ada();
    const state = stateOf('laptop');
    // A pipe: who reads from it waits for what is written to it.
    const pipe = join(state, 'opened');
    execFileSync('mkfifo', [pipe]);
    const browser = join(state, 'browser');
    writeFileSync(browser, `#!/bin/sh\nprintf %s "$1" > '${pipe}'\n`, { mode: 0o755 });
    const program = start(state, ['login', '--url', url], { BROWSER: browser });
    const page = new FormReader();
    await page.open(await readFile(pipe, 'utf8'));
    await signInAt(page, email);
    await page.press('Let it in');
    expect([await program.ended, program.complaints()]).toEqual([[0, null], '']);
    expect(program.output()).toContain('It should be open already.');
  });

  it('says where they are when the organisation that was named does not take them', async () => {
    const { email, tenant } = await ada();
    const state = stateOf('laptop');
    const { ended, program } = await loggedIn(email, state, '--tenant', 'nowhere');
    expect(ended).toEqual([77, null]);
    expect(program.output()).toContain(`Signed in as ${email} at ${tenant.name} (${tenant.slug}).`);
    expect(program.complaints()).toContain('You are in no organisation "nowhere"');
    expect((await gatehouse(state, ['whoami'])).out).toContain(`(${tenant.slug}), as owner`);
  });

  it('says how to come to an organisation that asks for a second factor that they do not have', async () => {
    const { email } = await ada();
    await new GatehouseApi({ url }).account.verifyEmail(tokenIn((await mailsTo(email))[0]));
    const strict = await team.owner();
    await team.invite(strict, 'viewer', email);
    const guest = new AuthClient({ url, directory: null });
    await guest.signIn({ email, password: PASSWORD });
    await team.ask({ access_token: (await guest.token()) ?? '' }, '/invitations/accept', {
      body: { token: await team.tokenTo(email, 2) },
    });
    await team.ask(strict, '/tenant/settings', {
      method: 'PATCH',
      body: { second_factor_required: true },
    });
    const state = stateOf('laptop');
    await loggedIn(email, state);
    const refused = await gatehouse(state, ['switch', strict.tenant.slug]);
    expect(refused.code).toBe(77);
    expect(refused.err).toContain('press "Switch to" first');
  });

  it('ends with 77 when it is refused there, and keeps nothing', async () => {
    const { email } = await ada();
    const state = stateOf('laptop');
    const { program, address } = await begun(state);
    const page = new FormReader();
    await page.open(address);
    await signInAt(page, email);
    await page.press('Refuse');
    expect(page.text).toContain('Nobody was signed in');
    expect((await program.ended)[0]).toBe(77);
    expect(program.complaints()).toBe('gatehouse: It was refused there. Nobody was signed in.\n');
    expect((await gatehouse(state, ['whoami', '--url', url])).code).toBe(77);
  });

  it('waits on when something else calls, and ends cleanly with Ctrl-C', async () => {
    const state = stateOf('laptop');
    const { program, address } = await begun(state);
    const back = new URL(new URL(address).searchParams.get('redirect_uri') ?? '');
    expect((await fetch(`${back.href}?code=stolen&state=guessed&iss=${url}`)).status).toBe(400);
    program.child.kill('SIGINT');
    expect(await program.ended).toEqual([130, null]);
    expect(program.complaints()).toBe('gatehouse: Stopped; nothing was changed.\n');
  });

  it('runs programs under the licence of who is signed in, without a key', async () => {
    const { email } = await ada();
    const state = stateOf('laptop');
    // Seats are for who has shown that the address is theirs.
    await new GatehouseApi({ url }).account.verifyEmail(tokenIn((await mailsTo(email))[0]));
    await loggedIn(email, state);
    const ran = await gatehouse(state, ['run', '--', process.execPath, '--eval', 'console.log("runs")']);
    expect(ran).toMatchObject({ code: 0, out: 'runs\n' });
    expect((await gatehouse(state, ['status'])).out).toContain('The licence is fine (FREE)');
  });
});

describe('gatehouse login on a machine without one', () => {
  it('shows a code, which is typed on another device', async () => {
    const { email, tenant } = await ada();
    const state = stateOf('server');
    const ssh = { SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22', DISPLAY: ':0' };
    const program = start(state, ['login', '--url', url], ssh);
    await program.said('Waiting; Ctrl-C stops.');
    const code = /enter the code ([A-Z]{4}-[A-Z]{4}):/.exec(program.output())?.[1] ?? '';
    const phone = new FormReader();
    await phone.open(/^ {2}(http\S+)$/m.exec(program.output())?.[1] ?? '');
    await signInAt(phone, email);
    await phone.press('Continue', { user_code: code });
    await phone.press('Let it in');
    expect([await program.ended, program.complaints()]).toEqual([[0, null], '']);
    expect(program.output()).toContain(`Signed in as ${email} at ${tenant.name}`);
    // No terminal, no picture.
    expect(program.output()).not.toContain('█');
    expect((await gatehouse(state, ['whoami'])).code).toBe(0);
  });

  it('lets nobody in who was put out of the organisation meanwhile', async () => {
    const boss = await team.owner();
    const bob = await team.member(boss, 'developer');
    const state = stateOf('server');
    const program = start(state, ['login', '--url', url, '--device']);
    await program.said('Waiting; Ctrl-C stops.');
    const code = /enter the code ([A-Z]{4}-[A-Z]{4}):/.exec(program.output())?.[1] ?? '';
    const phone = new FormReader();
    await phone.open(`${url}/device?user_code=${code}`);
    await signInAt(phone, bob.email);
    await phone.press('Continue', { user_code: code });
    await phone.press('Let it in');
    await team.ask(boss, `/tenant/members/${bob.id}`, { method: 'DELETE' });
    expect((await program.ended)[0]).toBe(77);
    expect(program.complaints()).toContain('Nobody was signed in.');
    expect((await gatehouse(state, ['whoami', '--url', url])).code).toBe(77);
  });

  it('ends cleanly with Ctrl-C', async () => {
    const program = start(stateOf('server'), ['login', '--url', url, '--device']);
    await program.said('Waiting; Ctrl-C stops.');
    program.child.kill('SIGINT');
    expect(await program.ended).toEqual([130, null]);
  });
});

/** The same in a terminal of 100 columns; what is written to its `child.stdin` is typed. */
function inTerminal(state: string, ...args: string[]): Program {
  const python = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  const shell = ['sh', '-c', 'stty cols 100 -echo; exec "$@"', 'sh'];
  const all = ['-c', python, ...shell, process.execPath, MAIN, ...args];
  return startProgram('python3', all, { GATEHOUSE_STATE_DIR: state, TERM: 'xterm' });
}

describe('gatehouse in a terminal', () => {
  it('shows the code as a picture, too, and leaves cleanly with Ctrl-C', async () => {
    const program = inTerminal(stateOf('server'), 'login', '--url', url, '--device');
    await program.said('Waiting; Ctrl-C stops.');
    expect(program.output()).toContain('\u001b[30;107m');
    expect(program.output()).toContain('█▀▀▀▀▀█');
    program.child.stdin?.write('\u0003');
    expect(await program.ended).toEqual([130, null]);
  });

  it('lists the organisations to choose from', async () => {
    const { email } = await ada();
    const state = stateOf('laptop');
    await new GatehouseApi({ url }).account.verifyEmail(tokenIn((await mailsTo(email))[0]));
    await loggedIn(email, state);
    const auth = new AuthClient({ url, directory: state });
    const home = (await auth.me()).tenant;
    const second = await auth.api.tenancy.create({ organizationName: 'Brook' });
    await auth.switchTenant(second.id);

    const program = inTerminal(state, 'switch');
    await program.said('Which one?');
    expect(program.output()).toContain(`1   ${home.name} (${home.slug}), as owner`);
    expect(program.output()).toContain(`2 * Brook (${second.slug}), as owner`);
    program.child.stdin?.write('1\n');
    expect(await program.ended).toEqual([0, null]);
    expect((await auth.me()).tenant.id).toBe(home.id);
  });
});

describe('signed in on a machine', () => {
  it('two programs refresh once between them', async () => {
    const { email } = await ada();
    const state = stateOf('laptop');
    await loggedIn(email, state);
    const path = join(state, 'auth.json');
    const kept = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...kept, expires_at: '2026-01-01T00:00:00Z' }));
    const both = await Promise.all([1, 2].map(() => gatehouse(state, ['whoami'])));
    expect(both.map(({ code, err }) => [code, err])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    expect((await new AuthClient({ url, directory: state }).me()).role).toBe('owner');
  });

  it('signs out everywhere', async () => {
    const { email } = await ada();
    const [laptop, server] = [stateOf('laptop'), stateOf('server')];
    for (const state of [laptop, server]) await loggedIn(email, state);
    // The sign-up, two browsers, two programs.
    expect((await gatehouse(laptop, ['logout', '--everywhere'])).out).toMatch(
      /^Signed out everywhere: \d sessions ended\.$/m,
    );
    const refused = await gatehouse(server, ['whoami']);
    expect(refused.code).toBe(77);
    expect(refused.err).toContain('Sign in: gatehouse login');
  });
});

describe('gatehouse called wrongly', () => {
  it.each([
    [['login']],
    [['login', '--url', 'http://127.0.0.1:9', '--device', '--no-browser']],
    [['login', '--url', 'http://licences.invalid']],
    [['whoami', 'ada']],
    [['switch', 'a', 'b']],
  ])('ends with 64 and says what to do: %j', async (args) => {
    const ended = await gatehouse(stateOf('nobody'), args);
    expect(ended.code).toBe(64);
    expect(ended.err).toMatch(/^gatehouse: .+/);
  });

  it.each([[['whoami']], [['switch']], [['switch', 'brook']]])(
    'ends with 77 where nobody ever signed in: %j',
    async (args) => {
      const ended = await gatehouse(stateOf('nobody'), args);
      expect(ended).toMatchObject({ code: 77, out: '' });
      expect(ended.err).toContain('Sign in: gatehouse login');
    },
  );

  it('ends with 69 where nobody answers', async () => {
    for (const how of ['--device', '--no-browser'])
      expect((await gatehouse(stateOf('nobody'), ['login', '--url', 'http://127.0.0.1:9', how])).code).toBe(
        69,
      );
  });
});

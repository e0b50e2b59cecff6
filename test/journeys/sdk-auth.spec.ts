import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AuthClient,
  authFile,
  type BillingEvent,
  isRefusal,
  LicenseClient,
  MfaEnrollmentRequired,
  MfaRequired,
  PasswordTooWeak,
  ReauthenticationRequired,
} from '#sdk';
import { codeOf, lastCodeOf } from '../support/authenticator.js';
import { eventually } from '../support/eventually.js';
import { apiOutage, journeyProduct } from '../support/journey.js';
import { type Program, startProgram, stateOf } from '../support/machine.js';
import { mailsTo, tokenIn } from '../support/mail.js';
import { metricsOf } from '../support/metrics.js';
import { newEmail, PASSWORD, signInWithGoogle, succeed } from '../support/person.js';

const OTHER = 'seven lanterns over gravel';

/** What a call may take on a busy machine, in ms. */
const BUSY_MS = 60_000;

const product = journeyProduct({ BILLING_STREAM_HEARTBEAT_MS: '200' });
let url: string;

beforeAll(() => {
  url = product.api.url;
});

const device = (name: string) => new AuthClient({ url, directory: stateOf(name), timeoutMs: BUSY_MS });
async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

describe('the client that signs people in', () => {
  it('registers, verifies, enrols, answers challenges, and ends sessions', async () => {
    const email = newEmail();
    const laptop = device('laptop');
    const made = await laptop.register({ email, password: PASSWORD, organizationName: 'Acme Tools' });
    expect(made.license?.key).toMatch(/^GH-FREE-/);
    expect(await laptop.user()).toEqual({
      ...{ id: made.user.id, email, tenantId: made.tenant.id, plan: 'FREE' },
    });
    await laptop.account.verifyEmail(tokenIn((await mailsTo(email))[0]));
    expect((await laptop.me()).user.emailVerified).toBe(true);

    const { secret, otpauthUri } = await laptop.account.enrollTotp({ password: PASSWORD });
    expect(otpauthUri).toMatch(/^otpauth:/);
    const [backup = ''] = await laptop.account.confirmTotp(await lastCodeOf(secret));

    const phone = device('phone');
    const asked = await thrownBy(phone.signIn({ email, password: PASSWORD }));
    if (!(asked instanceof MfaRequired)) throw asked;
    const { mfaToken } = asked;
    expect(
      isRefusal(await thrownBy(phone.answerChallenge({ mfaToken, code: '000000' })), 'CODE_INVALID'),
    ).toBe(true);
    await phone.answerChallenge({ mfaToken, code: codeOf(secret) });
    const tablet = device('tablet');
    const again = await thrownBy(tablet.signIn({ email, password: PASSWORD }));
    if (!(again instanceof MfaRequired)) throw again;
    await tablet.answerChallenge({ mfaToken: again.mfaToken, code: backup });

    const sessions = [];
    for await (const session of laptop.account.sessions({ limit: 1 })) sessions.push(session);
    expect(sessions.map((one) => [one.current, one.amr.includes('mfa')])).toEqual([
      [false, true],
      [false, true],
      // It has set the second factor up, so it has shown it, too.
      [true, true],
    ]);
    const ended = new Promise((resolve) => phone.once('signed-out', resolve));
    await laptop.account.revokeSession(sessions[1]!.id);
    await eventually(async () => isRefusal(await thrownBy(phone.me()), 'UNAUTHENTICATED'));
    expect(await ended).toEqual({ reason: 'refused' });
    expect(await phone.user()).toBeNull();
    await expect(stat(join(phone.directory!, 'auth.json'))).rejects.toThrow(/ENOENT/);

    expect(await laptop.signOutEverywhere()).toBe(2);
    await eventually(async () => isRefusal(await thrownBy(tablet.me()), 'UNAUTHENTICATED'));
  });

  it('sets up a second factor that an organisation asks for, and shows anew who it is', async () => {
    const email = newEmail();
    const laptop = device('laptop');
    const made = await laptop.register({ email, password: PASSWORD, organizationName: 'Acme Tools' });
    const required = ['--second-factor', 'required', '--reason', 'Audit asks for it.'];
    await product.admin('tenant', 'sign-in', made.tenant.id, ...required);
    const asked = await thrownBy(laptop.signIn({ email, password: PASSWORD }));
    if (!(asked instanceof MfaEnrollmentRequired)) throw asked;
    const { mfaToken } = asked;
    const { secret } = await laptop.account.enrollTotp({ mfaToken });
    const done = await laptop.confirmTotp({ mfaToken, code: await lastCodeOf(secret) });
    expect([done.backupCodes.length, done.signedIn.user.id]).toEqual([10, made.user.id]);
    expect((await laptop.me()).user.email).toBe(email);

    const how = await thrownBy(laptop.account.reauthenticate({ password: PASSWORD }));
    if (!(how instanceof ReauthenticationRequired)) throw how;
    expect([how.methods, how.maxAgeSeconds]).toEqual([['code'], 600]);
    const { accessToken } = await laptop.account.reauthenticate({ code: codeOf(secret) });
    expect([await laptop.token(), (await authFile(laptop.directory!).read())?.accessToken]).toEqual([
      accessToken,
      accessToken,
    ]);
    expect((await laptop.account.newBackupCodes({})).length).toBe(10);
  });

  it('changes and resets passwords, and says what is wrong with one', async () => {
    const email = newEmail();
    const laptop = device('laptop');
    await laptop.register({ email, password: PASSWORD, organizationName: 'Acme Tools' });
    const weak = await thrownBy(
      laptop.account.changePassword({ currentPassword: PASSWORD, newPassword: 'password12345678' }),
    );
    if (!(weak instanceof PasswordTooWeak)) throw weak;
    expect(weak.problems).toContain('common');
    expect(weak.advice[0]).toMatch(/\w/);
    expect(await laptop.account.changePassword({ currentPassword: PASSWORD, newPassword: OTHER })).toBe(0);

    await laptop.account.forgotPassword(email);
    const token = tokenIn((await mailsTo(email, 3)).find((mail) => mail.subject === 'Set a new password'));
    expect(await laptop.account.resetPassword({ token, password: `${PASSWORD} more` })).toBe(1);
    expect(isRefusal(await thrownBy(laptop.me()), 'UNAUTHENTICATED')).toBe(true);
    expect(isRefusal(await thrownBy(laptop.signIn({ email, password: OTHER })), 'INVALID_CREDENTIALS')).toBe(
      true,
    );
    await laptop.signIn({ email, password: `${PASSWORD} more` });
    expect(await laptop.signOut()).toBe(true);
  });

  it('signs in with Google, and a program under a licence goes by it', async () => {
    const idToken = await signInWithGoogle(newEmail());
    const auth = device('laptop');
    const { license } = await auth.register({ idToken, organizationName: 'Acme Tools' });
    await auth.signIn({ idToken });
    const program = new LicenseClient({
      url,
      directory: stateOf('program'),
      bearer: auth,
      closesOnEnd: false,
    });
    expect(await program.start()).toMatchObject({ trouble: null, licenseId: license?.id });
    const answer = await auth.fetch('/api/v1/licenses');
    expect(((await answer.json()) as { data: { id: string }[] }).data.map((one) => one.id)).toEqual([
      license?.id,
    ]);
    await program.close();
  });
});

describe('two programs that share who is signed in', () => {
  it('refresh once between them, and both go on', async () => {
    const directory = stateOf('shared');
    const client = new AuthClient({ url, directory });
    await client.register({ email: newEmail(), password: PASSWORD, organizationName: 'Acme Tools' });
    const before = await refreshes();
    for (const round of [1, 2, 3]) {
      await authFile(directory).update((kept) => kept && { ...kept, expiresAt: Date.now() - 1_000 });
      const programs = [1, 2].map(() => reader(directory));
      await Promise.all(programs.map((one) => one.said('ready')));
      for (const { child } of programs) child.stdin?.end('go\n');
      for (const one of programs) {
        expect([await one.ended, one.complaints()]).toEqual([[0, null], '']);
        expect(one.output()).toBe('ready\n10 answers\n');
      }
      expect((await refreshes()) - before).toBe(round);
    }
    expect((await stat(join(directory, 'auth.json'))).mode & 0o777).toBe(0o600);
    // The family lives: whoever used an old token again would have ended it.
    expect((await client.me()).role).toBe('owner');
  });
});

/** A process that calls ten times at once when it is told to. */
function reader(directory: string): Program {
  const sdk = join(process.cwd(), 'dist', 'libs', 'sdk', 'src', 'index.js');
  const module = `
    const { AuthClient } = await import(${JSON.stringify(sdk)});
    const auth = new AuthClient(${JSON.stringify({ url, directory })});
    auth.on('signed-out', ({ reason }) => console.error(reason));
    process.stdin.once('data', async () => {
      const all = await Promise.all(Array.from({ length: 10 }, () => auth.me()));
      console.log(all.length + ' answers');
    });
    console.log('ready');`;
  return startProgram(process.execPath, ['--input-type=module', '--eval', module]);
}

/** How many the server has answered with tokens. */
async function refreshes(): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const line = /^http_requests_total\{method="POST",route="\/api\/v1\/auth\/refresh",status="2xx"\} (\d+)$/m;
  return Number(line.exec(metrics)?.[1] ?? 0);
}

describe('the client that watches what is bought (S2-33)', () => {
  const SOON = { withinMs: 60_000 };
  const outage = apiOutage(product);

  /** The owner of a new organisation, at a program of their own. */
  async function owner() {
    const email = newEmail();
    const auth = new AuthClient({ url: product.api.url, directory: stateOf('payer'), timeoutMs: BUSY_MS });
    const { license } = await auth.register({ email, password: PASSWORD, organizationName: 'Acme Tools' });
    await auth.account.verifyEmail(tokenIn((await mailsTo(email))[0]));
    await auth.renew((await auth.token())!);
    return { auth, licenseId: license!.id };
  }

  /** What the process that serves streams shows of them in /metrics. */
  async function shown(why: string): Promise<(number | null)[]> {
    const metrics = await metricsOf(product.api.url);
    return [
      metrics.valueOf('open_streams', { stream: 'billing' }),
      metrics.valueOf('billing_streams_ended_total', { why }),
    ];
  }

  it('watches what changes, through a time without the API, until its session is over', async () => {
    const { auth, licenseId } = await owner();
    const changePlan = (plan: string) =>
      product.admin('license', 'change-plan', licenseId, '--plan', plan, '--reason', 'Test.');
    const had: BillingEvent[] = [];
    const isTold = (tier: string) =>
      eventually(() => had.some((one) => one.kind === 'license.changed' && one.license.tier === tier), SOON);
    const { billing } = auth.api;
    const watching = (async () => {
      for await (const event of billing.watch()) had.push(event);
    })();
    watching.catch(() => undefined);
    await eventually(() => had.length > 0, SOON);
    expect(had[0]).toMatchObject({
      kind: 'state',
      subscription: { state: 'none', plan: 'FREE', periodEndsAt: null, unpaid: null, isTrialUsed: false },
      licenses: [{ licenseId, tier: 'FREE' }],
    });
    expect(await shown('left')).toEqual([1, null]);
    await changePlan('TEAM');
    await isTold('TEAM');

    await outage.stop();
    await changePlan('PRO');
    await outage.restart();
    await isTold('PRO');
    const ids = had.map((one) => Number(one.id));
    expect(ids).toEqual(ids.map((_, n) => ids[0]! + n));
    expect(had.filter((one) => one.kind === 'state')).toHaveLength(1);

    await succeed(`${product.v1}/auth/logout/all`, { method: 'POST', bearer: (await auth.token())! });
    await expect(watching).rejects.toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    expect(await shown('revoked')).toEqual([0, 1]);
  });

  it('hangs up when its reader has had enough', async () => {
    const { auth } = await owner();
    const { billing } = auth.api;
    const watch = billing.watch();
    expect((await watch.next()).value).toMatchObject({ kind: 'state' });
    await watch.return();
    await eventually(async () => expect(await shown('left')).toEqual([0, 1]), SOON);
  });
});

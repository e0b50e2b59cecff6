import { codeOf, lastCodeOf } from '../support/authenticator.js';
import { mailsTo, tokenIn } from '../support/mail.js';
import { call, type ErrorBody, newEmail, type RegisteredBody, succeed } from '../support/person.js';
import { type Product, startProduct } from '../support/product.js';
import { connected } from '../support/tables.js';

const PASSWORD = 'velvet otter marches nine';
const WRONG = 'not the right one at all';
/** Of one account from one network; from everywhere it is four times as many. */
const THRESHOLD = 3;
const NETWORK_THRESHOLD = 6;

type Answered = RegisteredBody &
  ErrorBody & { secret: string; backup_codes: string[]; data: { outcome: string; method: string }[] };

let product: Product;

beforeAll(async () => {
  product = await startProduct({
    // So that a test comes from where it says.
    TRUSTED_PROXIES: '127.0.0.1',
    AUTH_LOCKOUT_THRESHOLD: String(THRESHOLD),
    AUTH_IP_LOCKOUT_THRESHOLD: String(NETWORK_THRESHOLD),
    // Longer than a test takes on a busy machine.
    AUTH_LOCKOUT_SECONDS: '300',
    AUTH_IP_LOCKOUT_SECONDS: '200',
    AUTH_MAIL_QUOTA: '1',
    // One hash at a time, nobody waits, and each takes long enough for others to come meanwhile.
    AUTH_HASH_CONCURRENCY: '1',
    AUTH_HASH_QUEUE: '0',
    AUTH_ARGON2_PASSES: '8',
  });
});

afterAll(() => product?.stop());

interface From {
  address?: string;
  device?: string;
  bearer?: string;
}

const post = (path: string, body: object, { address = '192.0.2.1', device, bearer }: From = {}) =>
  call<Answered>(`${product.api.url}/api/v1/auth/${path}`, {
    body,
    bearer,
    headers: { 'x-forwarded-for': address, ...(device ? { 'x-device-id': device } : {}) },
  });
const login = (email: string, password: string, from: From) => post('login', { email, password }, from);
const refusal = ({ status, body }: { status: number; body: ErrorBody }) => [status, body.error?.code];
const LOCKED = [429, 'SIGN_IN_LOCKED'];
const register = async (from: From) => {
  const body = { email: newEmail(), password: PASSWORD, organization_name: 'Acme' };
  const made = await post('register', body, from);
  expect(made.status).toBe(201);
  return made.body;
};
/** Whose address it is: who only claims one makes nothing known to it. */
const owner = async (from: From) => {
  const made = await register(from);
  const token = tokenIn((await mailsTo(made.user.email))[0]);
  expect((await post('email/verify', { token }, from)).status).toBe(200);
  return made.user.email;
};

describe('a network from which many accounts are tried (S2-26)', () => {
  it('waits, whatever account comes next; its neighbours elsewhere, and who is known in it, do not', async () => {
    const home = { address: '203.0.113.7' };
    const email = await owner(home);
    // An account is known where it has signed in.
    expect((await login(email, PASSWORD, home)).status).toBe(200);
    for (let i = 0; i < NETWORK_THRESHOLD; i++)
      expect((await login(newEmail(), WRONG, { address: `203.0.113.${100 + i}` })).status).toBe(401);

    const refused = await login(newEmail(), WRONG, { address: '203.0.113.200' });
    expect(refusal(refused)).toEqual(LOCKED);
    expect(refused.body.error.details).toMatchObject({ retry_after_seconds: expect.any(Number) });
    const wait = Number(refused.headers.get('retry-after'));
    // The account would have waited for 300, and a network that nothing was set for 60.
    expect([wait > 60, wait <= 200]).toEqual([true, true]);
    expect((await login(newEmail(), WRONG, { address: '203.0.114.200' })).status).toBe(401);
    expect((await login(email, PASSWORD, home)).status).toBe(200);
  });

  it('does not lock out a person on a device that their account is known by', async () => {
    const [home, cafe, device] = ['192.0.2.50', '198.18.0.50', 'a-device-of-my-own-1'];
    const email = await owner({ address: home });
    expect((await login(email, PASSWORD, { address: home, device })).status).toBe(200);
    for (let i = 0; i < THRESHOLD; i++)
      expect((await login(email, WRONG, { address: cafe })).status).toBe(401);

    // The same program, which anybody could name, under no id and under another one: not known.
    expect(refusal(await login(email, PASSWORD, { address: cafe }))).toEqual(LOCKED);
    const other = { address: cafe, device: 'a-device-of-theirs-1' };
    expect(refusal(await login(email, PASSWORD, other))).toEqual(LOCKED);
    expect((await login(email, PASSWORD, { address: cafe, device })).status).toBe(200);
  });
});

describe('a storm of sign-ins', () => {
  it('is refused with 503 beyond the queue, which counts as no guess, and others are answered meanwhile', async () => {
    const made = await register({ address: '192.0.2.80' });
    const { email } = made.user;
    const everywhere = 4 * THRESHOLD;
    let networks = 0;
    const guess = () => login(email, WRONG, { address: `198.51.${networks++}.1` });
    const storm = Array.from({ length: everywhere - 1 }, guess);
    const others = Array.from({ length: 5 }, () =>
      call(`${product.api.url}/api/v1/status`, { bearer: made.access_token }),
    );
    expect((await Promise.all(others)).map((one) => one.status)).toEqual(others.map(() => 200));
    const answers = await Promise.all(storm);
    const busy = answers.filter((one) => one.status === 503);
    expect(busy.length).toBeGreaterThan(0);
    for (const one of busy) {
      expect(one.body.error.code).toBe('BUSY');
      expect(one.headers.get('retry-after')).toBe('2');
    }

    let wrong = answers.filter((one) => one.status === 401).length;
    expect(wrong + busy.length).toBe(answers.length);
    let last = await guess();
    for (; last.status === 401; last = await guess()) wrong++;
    expect(refusal(last)).toEqual(LOCKED);
    expect(wrong).toBe(everywhere);

    // What was no attempt is not among them.
    const database = await connected(product.database.ownerUrl);
    const { rows } = await database.query(
      `select outcome, count(*)::int as n from identity.user_login_events
       where address_hash = (select address_hash from identity.address_claims where user_id = $1) group by 1 order by 1`,
      [made.user.id],
    );
    await database.end();
    expect(rows).toEqual([
      { outcome: 'locked', n: 1 },
      { outcome: 'signed_up', n: 1 },
      { outcome: 'wrong_password', n: everywhere },
    ]);
  });
});

describe('guesses at a second factor', () => {
  const wrongCodes = ['000000', '000001', '000002', '000003', '000004', '000005'];
  /** Whoever is in a network of their own, so that nobody else's guesses are in the way. */
  const guessed = async (guess: (code: string) => ReturnType<typeof post>) => {
    const answers = await Promise.all(wrongCodes.map(guess));
    expect(answers.map((one) => one.status).sort()).toEqual([403, 403, 403, 429, 429, 429]);
    expect(refusal(answers.find((one) => one.status === 429)!)).toEqual(LOCKED);
  };

  /** What is recorded of codes that somebody has given, and how often. */
  const outcomesByCode = async (bearer: string) => {
    const url = `${product.api.url}/api/v1/auth/login-events?limit=100`;
    const { data } = await succeed<Answered>(url, { bearer });
    const outcomes = data.filter((one) => one.method === 'totp').map((one) => one.outcome);
    return Object.fromEntries(
      [...new Set(outcomes)].map((one) => [one, outcomes.filter((other) => other === one).length]),
    );
  };

  it('wait: at the challenge, with one token or many, and anew within a session; all of it is recorded', async () => {
    const from = { address: '192.0.2.90' };
    const made = await register(from);
    const { email } = made.user;
    const mine = { ...from, bearer: made.access_token };
    const { secret } = (await post('mfa/totp/enroll', { password: PASSWORD }, mine)).body;
    const confirmed = await post('mfa/totp/confirm', { code: await lastCodeOf(secret) }, mine);
    expect(confirmed.status).toBe(200);
    const halfIn = async (address: string) => {
      const asked = await login(email, PASSWORD, { address });
      expect(refusal(asked)).toEqual([401, 'MFA_REQUIRED']);
      return String(asked.body.error.details?.mfa_token);
    };

    const [thief, other] = ['198.18.1.1', '198.18.2.1'];
    const mfa_token = await halfIn(thief);
    await guessed((code) => post('mfa/totp/challenge', { mfa_token, code }, { address: thief }));
    // A new token is no new start, and neither is the right code.
    const again = { mfa_token: await halfIn(thief), code: codeOf(secret) };
    expect(refusal(await post('mfa/totp/challenge', again, { address: thief }))).toEqual(LOCKED);

    const tokens = [];
    for (const code of wrongCodes) tokens.push([await halfIn(other), code] as const);
    const many = await Promise.all(
      tokens.map(([token, code]) =>
        post('mfa/totp/challenge', { mfa_token: token, code }, { address: other }),
      ),
    );
    expect(many.map((one) => one.status).sort()).toEqual([403, 403, 403, 429, 429, 429]);

    // Where the person is known nobody has guessed yet.
    await guessed((code) => post('reauthenticate', { code }, { ...mine, address: '198.18.3.1' }));
    expect(await outcomesByCode(made.access_token)).toEqual({ wrong_code: 9, locked: 10 });
  });

  it('wait also while an authenticator is set up', async () => {
    const from = { address: '192.0.2.91' };
    const made = await register(from);
    const mine = { ...from, bearer: made.access_token };
    await post('mfa/totp/enroll', { password: PASSWORD }, mine);
    await guessed((code) => post('mfa/totp/confirm', { code }, mine));
    expect(await outcomesByCode(made.access_token)).toEqual({ wrong_code: 3, locked: 3 });
  });
});

describe('mails that are asked for', () => {
  it('are counted by the address that asks, for however many mailboxes', async () => {
    const forgot = (address: string, email = newEmail()) => post('password/forgot', { email }, { address });
    for (let i = 0; i < 10; i++) expect((await forgot('192.0.2.95')).status).toBe(200);
    const refused = await forgot('192.0.2.95');
    expect(refusal(refused)).toEqual([429, 'RATE_LIMITED']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await forgot('192.0.2.96')).status).toBe(200);
  });
});

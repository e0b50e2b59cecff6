import { eventually } from '../support/eventually.js';
import { FormReader } from '../support/form-reader.js';
import { pagesProduct } from '../support/pages.js';
import { newEmail, PASSWORD, type RegisteredBody, signUp, signUpByPassword } from '../support/person.js';
import { teamOf } from '../support/team.js';

const product = pagesProduct({ AUTH_SIGNUP_QUOTA: '1000' });
const team = teamOf(product);
const url = (path: string) => `${product.api.url}${path}`;
/** Organisations of two who invite the same people. */
let acme: RegisteredBody;
let mallory: RegisteredBody;
beforeAll(async () => {
  acme = await team.owner();
  mallory = await signUp(product.api.url, { organization: 'Mallory and Co' });
  await team.changePlan(mallory, 'TEAM');
});

/** The tokens of two invitations to one address. */
async function invitedTwice(email: string): Promise<{ first: string; second: string }> {
  await team.invite(acme, 'viewer', email);
  const first = await team.tokenTo(email);
  await team.invite(await team.refreshed(mallory), 'viewer', email);
  const second = await eventually(async () => {
    const newest = await team.tokenTo(email);
    return newest !== first && newest;
  });
  return { first, second };
}

/** Follows the link of an invitation, as its script does. */
async function hold(tab: FormReader, token: string): Promise<void> {
  await tab.open(url('/invite'));
  await tab.press('Open it', { token });
}

/** Somebody with an account, whose browser is signed in to it. */
async function signedIn(email = newEmail()): Promise<{ tab: FormReader; made: RegisteredBody }> {
  const made = await signUpByPassword(product.api.url, email);
  await product.query('update identity.users set email_verified = true where id = $1', [made.user.id]);
  return { tab: await enter(email), made };
}
async function enter(email: string): Promise<FormReader> {
  const tab = new FormReader();
  await tab.open(url('/login'));
  await tab.press('Sign in', { email, password: PASSWORD });
  return tab;
}

const membershipsOf = (email: string) =>
  product.query<{ name: string }>(
    `select t.name from tenancy.memberships m join tenancy.tenants t using (tenant_id)
     where m.user_id in (select id from identity.users where email = $1) order by 1`,
    [email],
  );
const OTHER = 'you have opened another invitation';

describe('a form about an invitation, with another one opened since in another tab', () => {
  it('does nothing with the other one, and shows it, to who has an account', async () => {
    const { tab, made } = await signedIn();
    const { email } = made.user;
    const { first, second } = await invitedTwice(email);
    for (const answer of ['Accept', 'Decline']) {
      await hold(tab, first);
      expect(tab.text).toContain('Join Acme Tools?');
      await hold(tab.tab(), second);
      await tab.press(answer);
      expect([tab.status, tab.text]).toEqual([409, expect.stringContaining(OTHER)]);
      expect(tab.text).toContain('Join Mallory and Co?');
    }
    expect(await membershipsOf(email)).toEqual([{ name: 'Acme Tools' }]);
    expect((await team.members(acme)).map((one) => one.email)).not.toContain(email);
    // What was shown now is what they answer.
    await tab.press('Accept');
    expect(await membershipsOf(email)).toEqual([{ name: 'Acme Tools' }, { name: 'Mallory and Co' }]);
    expect(tab.text).toContain('Mallory and Co');
  });

  it('makes no account in the other one', async () => {
    const email = newEmail();
    const { first, second } = await invitedTwice(email);
    const tab = new FormReader();
    await hold(tab, first);
    await tab.open(url('/signup/invited'));
    expect(tab.text).toContain('Join Acme Tools');
    await hold(tab.tab(), second);
    await tab.press('Sign up and join', { password: PASSWORD });
    expect([tab.status, tab.text]).toEqual([409, expect.stringContaining(OTHER)]);
    expect(await membershipsOf(email)).toEqual([]);
  });

  it('makes none after a provider either, neither where they read of one nor where of none', async () => {
    const email = newEmail();
    const { first, second } = await invitedTwice(email);
    const tab = new FormReader();
    await tab.open(url('/login/with/google.com'));
    await tab.press('Sign in', { email });
    expect(tab.text).toContain('Name your organisation');
    await hold(tab.tab(), first);
    await tab.press('Sign up', { organization_name: 'Of my own' });
    expect([tab.status, tab.text]).toEqual([409, expect.stringContaining('you join Acme Tools')]);
    await hold(tab.tab(), second);
    await tab.press('Sign up and join');
    expect([tab.status, tab.text]).toEqual([409, expect.stringContaining('you join Mallory and Co')]);
    expect(tab.text).toContain(OTHER);
    expect(await membershipsOf(email)).toEqual([]);
  });

  it('takes nobody back into the other one who is in none any more', async () => {
    const { made } = await signedIn();
    const { email } = made.user;
    const { first, second } = await invitedTwice(email);
    await product.query('delete from tenancy.memberships where user_id = $1', [made.user.id]);
    const tab = new FormReader();
    await hold(tab, first);
    await tab.open(url('/login'));
    await tab.press('Sign in', { email, password: PASSWORD });
    expect(tab.text).toContain('Your account is in no organisation any more');
    await hold(tab.tab(), second);
    await tab.press('Join Acme Tools');
    expect([tab.status, tab.text]).toEqual([409, expect.stringContaining(OTHER)]);
    expect(tab.text).toContain('Join Mallory and Co');
    expect(await membershipsOf(email)).toEqual([]);
  });
});

describe('who has just accepted an invitation and may not go there yet', () => {
  it('is told so in their account, and how to go on, also the next time', async () => {
    const boss = await team.owner();
    const { tab, made } = await signedIn();
    const { email, id } = made.user;
    await team.invite(boss, 'viewer', email);
    const token = await team.tokenTo(email);
    await product.admin(
      'tenant',
      'sign-in',
      boss.tenant.id,
      '--second-factor',
      'required',
      '--reason',
      'a test',
    );
    await product.query(
      `update identity.auth_sessions set auth_time = auth_time - interval '1 hour' where user_id = $1`,
      [id],
    );
    await hold(tab, token);
    await tab.press('Accept');
    expect([tab.status, new URL(tab.url).pathname]).toEqual([200, '/account']);
    const wayOn = '<a href="/login?as=other&#38;next=%2Faccount">Sign in once more</a>';
    expect(tab.text).toContain('You are a member of that organisation now');
    expect(tab.html).toContain(wayOn);
    expect((await team.members(boss)).map((one) => one.email)).toContain(email);

    await tab.open(url('/account'));
    expect(tab.text).not.toContain('You are a member of that organisation now');
    await tab.press('Switch to Acme Tools (viewer)');
    expect([tab.status, tab.text]).toEqual([403, expect.stringContaining('Sign in once more')]);
    expect(tab.html).toContain(wayOn);
    expect(tab.text).not.toContain('provider');
    await tab.open(url('/login?as=other&next=%2Faccount'));
    await tab.press('Sign in', { email, password: PASSWORD });
    expect(new URL(tab.url).pathname).toBe('/login/authenticator');
  });

  it('reads no words that somebody else’s link has brought', async () => {
    const { tab } = await signedIn();
    for (const code of ['<b>Call 555', 'constructor', 'ACCOUNT_SUSPENDED', 'REAUTHENTICATION_REQUIRED']) {
      await tab.open(url(`/account?kept_out=${encodeURIComponent(code)}`));
      expect([tab.status, tab.text]).toEqual([200, expect.stringContaining('Signed in as')]);
      expect(tab.text).not.toMatch(/Call 555|could not be taken there|suspended|Sign in once more/);
    }
  });
});

describe('an access token in a browser of one’s own', () => {
  it('is nobody there: not alone, and not beside another’s refresh token', async () => {
    const [ada, eve] = [await signUpByPassword(product.api.url), await signUpByPassword(product.api.url)];
    const seen = async (path: string, access: string, refresh?: string) => {
      const cookies = [
        `__Host-gatehouse-access=${access}`,
        ...(refresh === undefined ? [] : [`__Host-gatehouse-refresh=${refresh}`]),
      ];
      const headers = { cookie: cookies.join('; ') };
      const answer = await fetch(url(path), { headers, redirect: 'manual' });
      return { status: answer.status, to: answer.headers.get('location'), text: await answer.text() };
    };
    const whole = await seen('/account', ada.access_token, ada.refresh_token);
    expect([whole.status, whole.text]).toEqual([200, expect.stringContaining(ada.user.email)]);
    // What it says of its session, and somebody else's secret.
    const forged = ada.refresh_token.slice(0, -43) + eve.refresh_token.slice(-43);
    for (const refresh of [undefined, forged, 'rft_'])
      for (const path of ['/device', '/consent?request=areq_x'])
        expect(await seen(path, ada.access_token, refresh)).toMatchObject({
          status: 303,
          to: expect.stringMatching(/^\/login\?next=/),
        });
    const hers = await seen('/account', ada.access_token, eve.refresh_token);
    expect(hers.text).toContain(eve.user.email);
    expect(hers.text).not.toContain(ada.user.email);
  });
});

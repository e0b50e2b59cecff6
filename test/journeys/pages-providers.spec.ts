import { journeyBrowser, type Person } from '../support/browser.js';
import { part } from '../support/environment.js';
import { eventually } from '../support/eventually.js';
import { mailsTo } from '../support/mail.js';
import { pagesProduct } from '../support/pages.js';
import { newEmail, signUp, signUpByPassword } from '../support/person.js';

const product = pagesProduct();
const browser = journeyBrowser();
const url = (path: string) => `${product.api.url}${path}`;

/** At the page that stands in for a provider. */
async function sayWho(person: Person, email: string, { verified = true } = {}): Promise<void> {
  await person.fill({ 'E-mail address': email, Name: 'Ada' });
  await person.page.getByRole('checkbox').setChecked(verified);
  await person.press('Sign in');
}

async function goTo(person: Person, provider: string, page = '/login'): Promise<void> {
  await person.page.goto(url(page));
  await person.follow(`Continue with ${provider}`);
  expect(new URL(person.page.url()).origin).toBe(part('FIREBASE_URL'));
}

describe('signing in at a provider, by the server’s own call (S1-22)', () => {
  it.each(['Google', 'GitHub', 'Microsoft'])('signs up with %s, and in again', async (provider) => {
    const ada = await browser.person();
    const email = newEmail();
    await goTo(ada, provider, '/signup');
    await sayWho(ada, email);
    expect([ada.path, await ada.heading()]).toEqual(['/signup', 'Almost there']);
    expect(await ada.page.locator('main').innerText()).toContain(
      `${provider} has told us that you are ${email}`,
    );
    await ada.look('signup-newcomer');
    await ada.press('Sign up');
    expect(await ada.page.locator('#organization_name-fault').innerText()).toContain(
      'what your organisation',
    );
    await ada.fill({ Organisation: `Acme ${provider}` });
    await ada.press('Sign up');
    expect(ada.path).toBe('/account');
    expect(await ada.page.locator('dl').innerText()).toContain(`Acme ${provider}`);
    await ada.look('account');

    await ada.press('Sign out');
    await goTo(ada, provider, '/login?next=%2Faccount%3Ffrom%3Dhere');
    await sayWho(ada, email);
    expect(ada.path).toBe('/account?from=here');
    expect((await ada.context.cookies()).map(({ name }) => name).sort()).toEqual([
      '__Host-gatehouse-access',
      '__Host-gatehouse-form',
      '__Host-gatehouse-refresh',
    ]);
  });

  it('tells who owns the address to sign in as before, mails the link, and then lets them in this way, too', async () => {
    const email = newEmail();
    await signUp(product.api.url, { email });
    const ada = await browser.person();
    await goTo(ada, 'GitHub');
    await sayWho(ada, email);
    expect(await ada.heading()).toBe('Not signed in');
    expect(await ada.said()).toContain('There is an account with your address already');
    await ada.look('provider-link-required');

    const mail = await eventually(
      async () => (await mailsTo(email, 0)).find((one) => one.subject === 'Sign in with GitHub?') ?? false,
    );
    await ada.page.goto(/^ {2}(http\S+#token=\S+)$/m.exec(mail.text)?.[1] ?? '');
    await ada.look('link-identity');
    await ada.press('Link it to my account');
    expect(await ada.said()).toContain('The two are linked');
    await ada.follow('Continue with GitHub');
    await sayWho(ada, email);
    expect(ada.path).toBe('/account');
  });

  it('lets nobody into an account whose address the provider does not vouch for', async () => {
    const email = newEmail();
    await signUpByPassword(product.api.url, email);
    const eve = await browser.person();
    await goTo(eve, 'GitHub');
    await sayWho(eve, email, { verified: false });
    expect(await eve.heading()).toBe('Almost there');
    await eve.fill({ Organisation: 'Eve and Sons' });
    await eve.press('Sign up');
    expect(await eve.page.locator('dl').innerText()).toContain('Eve and Sons');
    expect(await eve.page.locator('main').innerText()).toContain('Verify your address');
  });

  it('says so when somebody turns back, when there is no address, and when the visit was another browser’s', async () => {
    const ada = await browser.person();
    await goTo(ada, 'Google');
    await ada.press('Cancel');
    expect(await ada.said()).toContain('You are not signed in');
    await ada.look('provider-refused');

    await ada.follow('Back to signing in');
    await ada.follow('Continue with Google');
    const back = new URL(ada.page.url()).searchParams.get('redirect_uri') ?? '';
    await ada.fill({ Name: 'Ada' });
    await ada.press('Sign in');
    expect(await ada.said()).toContain('gave us no e-mail address');

    // What a stranger was given at their provider signs nobody else in: neither without a visit of their own, nor twice.
    const claims = JSON.stringify({ sub: 'eve', email: newEmail(), email_verified: true });
    const forced = `${back}?providerId=google.com&id_token=${encodeURIComponent(claims)}`;
    const bob = await browser.person();
    await bob.page.goto(forced);
    expect(bob.path).toBe('/login');
    await ada.page.goto(forced);
    expect(ada.path).toBe('/login');
    expect((await ada.context.cookies()).filter(({ name }) => /access|refresh/.test(name))).toEqual([]);
  });

  it('is begun on our own pages only', async () => {
    const answer = await fetch(url('/login/with/google.com?next=/device'), {
      redirect: 'manual',
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/login?next=%2Fdevice']);
    expect(answer.headers.getSetCookie().join()).not.toContain('gatehouse-visit');
    expect((await fetch(url('/login/with/evil.example'))).status).toBe(404);
  });

  it('keeps ID tokens and visits sealed, and for ten minutes', async () => {
    const ada = await browser.person();
    await goTo(ada, 'Google');
    const redis = product.redisClient();
    const [key = ''] = await redis.keys('auth:nonce:provider:gone:*');
    expect(await redis.get(key)).not.toContain('google.com');
    const left = await redis.ttl(key);
    expect(left > 500 && left <= 600).toBe(true);
    // Whoever writes to Redis puts nobody's visit in the place of another's.
    const bob = await browser.person();
    await goTo(bob, 'GitHub');
    const other = (await redis.keys('auth:nonce:provider:gone:*')).find((one) => one !== key) ?? '';
    await redis.set(other, (await redis.getBuffer(key)) ?? '', 'EX', 600);
    await sayWho(bob, newEmail());
    expect(await bob.heading()).toBe('Not signed in');
    expect((await bob.context.cookies()).filter(({ name }) => /access|newcomer/.test(name))).toEqual([]);
    const cookies = await ada.context.cookies();
    const visit = cookies.find(({ name }) => name === '__Host-gatehouse-visit');
    expect(key).not.toContain(visit?.value ?? '-');
  });
});

import { codeOf, lastCodeOf } from '../support/authenticator.js';
import { journeyBrowser, type Person } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { type CaughtMail, mailsTo, tokenIn } from '../support/mail.js';
import { pagesProduct } from '../support/pages.js';
import { newEmail, PASSWORD, signUpByPassword, succeed } from '../support/person.js';

const OTHER = 'seven lanterns over gravel';
const product = pagesProduct();
const browser = journeyBrowser();
const url = (path: string) => `${product.api.url}${path}`;

async function signIn(person: Person, email: string, password = PASSWORD): Promise<void> {
  await person.fill({ 'E-mail address': email, Password: password });
  await person.press('Sign in');
}

/** A mail, once it is there. */
const mailAbout = (email: string, subject: string): Promise<CaughtMail> =>
  eventually(async () => (await mailsTo(email, 0)).find((one) => one.subject === subject) ?? false);

/** The link of a mail, as its reader opens it. */
async function linkIn(email: string, subject: string): Promise<string> {
  const { text } = await mailAbout(email, subject);
  return /^ {2}(http\S+#token=\S+)$/m.exec(text)?.[1] ?? '';
}

describe('signing up by password on the pages (S1-22)', () => {
  it('makes account and organisation, explains a weak password, and proves the address by the mail', async () => {
    const ada = await browser.person();
    const email = newEmail();
    await ada.page.goto(url('/signup'));
    await ada.look('signup');
    await ada.press('Sign up');
    expect(await ada.said()).toBe('3 fields need another look.');
    await ada.look('signup-empty');

    await ada.fill({ Organisation: 'Acme Tools', 'E-mail address': email, Password: 'password' });
    await ada.press('Sign up');
    expect(await ada.page.locator('#password-fault').innerText()).toContain('at least 15 characters');
    expect(await ada.page.getByLabel('Password').getAttribute('aria-describedby')).toContain(
      'password-fault',
    );
    await ada.look('signup-weak');

    await ada.fill({ Password: PASSWORD });
    await ada.press('Sign up');
    expect([ada.path, await ada.heading()]).toEqual(['/account', 'Your account']);
    expect(await ada.page.locator('dl').innerText()).toContain('Acme Tools');
    await ada.look('account-unverified');

    await ada.page.goto(await linkIn(email, 'Verify your e-mail address'));
    expect(ada.page.url()).toBe(url('/verify'));
    await ada.look('verify');
    await ada.press('This is my address');
    expect(await ada.said()).toBe('Your address is verified.');
    await ada.look('verified');
    await ada.follow('Go to your account');
    expect(await ada.page.locator('main').innerText()).not.toContain('Verify your address');
  });

  it('works with the keyboard alone', async () => {
    const ada = await browser.person();
    const email = newEmail();
    await ada.page.goto(url('/signup'));
    const type = async (text: string) => ada.page.keyboard.type(text);
    const tab = async () => ada.page.keyboard.press('Tab');
    const focused = () => ada.page.evaluate<string>(`document.activeElement?.id ?? ''`);
    while ((await focused()) !== 'organization_name') await tab();
    const order: string[] = [];
    for (const text of ['Acme Tools', email, PASSWORD]) {
      order.push(await focused());
      await type(text);
      await tab();
    }
    expect(order).toEqual(['organization_name', 'email', 'password']);
    await ada.page.keyboard.press('Enter');
    await ada.page.waitForURL('**/account');

    await ada.page.getByRole('button', { name: 'Sign out' }).focus();
    const outline = await ada.page.evaluate<string>(`getComputedStyle(document.activeElement).outlineStyle`);
    expect(outline).toBe('solid');
    await ada.page.keyboard.press('Space');
    await ada.page.waitForURL('**/login?after=logout');
    while ((await focused()) !== 'email') await tab();
    await type(email);
    await tab();
    await type(PASSWORD);
    await ada.page.keyboard.press('Enter');
    await ada.page.waitForURL('**/account');
    expect(await ada.heading()).toBe('Your account');
  });
});

describe('signing in on the pages (S1-22)', () => {
  it('tells one thing for a wrong address and a wrong password, goes on where they wanted, and ends', async () => {
    const email = newEmail();
    await signUpByPassword(product.api.url, email);
    const ada = await browser.person();
    await ada.page.goto(url('/login?next=/device%3Fuser_code%3DBCDF-GHJK'));
    await ada.look('login');
    await signIn(ada, newEmail());
    const unknown = await ada.said();
    await signIn(ada, email, OTHER);
    expect(await ada.said()).toBe(unknown);
    await ada.look('login-refused');

    await ada.page.goto(url('/login?next=https://evil.example/'));
    await signIn(ada, email);
    expect(ada.path).toBe('/account');
    const cookies = await ada.context.cookies();
    const kept = cookies.filter(({ name }) => /access|refresh/.test(name));
    expect(
      kept.map(({ name, httpOnly, secure, sameSite }) => ({ name, httpOnly, secure, sameSite })),
    ).toEqual(
      ['access', 'refresh'].map((name) => ({
        name: `__Host-gatehouse-${name}`,
        httpOnly: true,
        secure: true,
        sameSite: 'Lax',
      })),
    );

    await ada.press('Sign out');
    expect(await ada.said()).toBe('You are signed out.');
    expect((await ada.context.cookies()).filter(({ name }) => /access|refresh/.test(name))).toEqual([]);
    await ada.page.goBack();
    expect(await ada.page.content()).not.toContain(email);
    const { status } = await fetch(`${product.v1}/auth/refresh`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token: kept[1]?.value }),
    });
    expect(status).toBe(401);
  });

  it('asks for the second factor, by authenticator or backup code', async () => {
    const email = newEmail();
    const made = await signUpByPassword(product.api.url, email);
    const post = <T>(path: string, body: object) =>
      succeed<T>(`${product.v1}/auth/mfa/totp/${path}`, { body, bearer: made.access_token });
    const { secret } = await post<{ secret: string }>('enroll', { password: PASSWORD });
    const { backup_codes: codes } = await post<{ backup_codes: string[] }>('confirm', {
      code: await lastCodeOf(secret),
    });

    const ada = await browser.person();
    await ada.page.goto(url('/login'));
    await signIn(ada, email);
    expect([ada.path, await ada.heading()]).toEqual(['/login/code', 'Second step']);
    await ada.look('login-code');
    await ada.fill({ Code: '000000' });
    await ada.press('Continue');
    expect(await ada.said()).toContain('This code is not right');
    await ada.fill({ Code: codeOf(secret) });
    await ada.press('Continue');
    expect(ada.path).toBe('/account');
    await ada.press('Sign out');
    await signIn(ada, email);
    await ada.fill({ Code: codes[0] ?? '' });
    await ada.press('Continue');
    expect(ada.path).toBe('/account');
  });

  it('sets up an authenticator where the organisation asks for one', async () => {
    const email = newEmail();
    const made = await signUpByPassword(product.api.url, email);
    const required = ['--second-factor', 'required', '--reason', 'Audit asks for it.'];
    await product.admin('tenant', 'sign-in', made.tenant.id, ...required);
    const ada = await browser.person();
    await ada.page.goto(url('/login'));
    await signIn(ada, email);
    expect(await ada.heading()).toBe('Set up an authenticator');
    await ada.look('login-authenticator');
    await ada.page.getByText('I cannot scan it').click();
    const secret = async () => (await ada.page.locator('details .code').innerText()).replaceAll(' ', '');
    const first = await secret();
    await ada.fill({ Code: '000000' });
    await ada.press('Continue');
    await ada.page.getByText('I cannot scan it').click();
    expect(await secret()).toBe(first);
    await ada.fill({ Code: codeOf(first) });
    await ada.press('Continue');
    expect(await ada.page.locator('.codes li').count()).toBe(10);
    await ada.look('backup-codes');
    await ada.follow('Continue');
    expect(ada.path).toBe('/account');
  });

  it('sets a new password by the mail, with and without a script', async () => {
    const email = newEmail();
    await signUpByPassword(product.api.url, email);
    const ada = await browser.person();
    await ada.page.goto(url('/login'));
    await ada.follow('Forgot your password?');
    await ada.look('reset');
    await ada.fill({ 'E-mail address': email });
    await ada.press('Send me a link');
    expect(await ada.said()).toContain('If there is an account');
    const link = await linkIn(email, 'Set a new password');
    await ada.page.goto(link);
    expect(await ada.page.getByLabel('E-mail address').isVisible()).toBe(false);
    await ada.fill({ 'New password': 'short' });
    await ada.press('Set the password');
    expect(await ada.page.locator('#password-fault').innerText()).toContain('at least 15 characters');
    await ada.look('reset-weak');
    await ada.fill({ 'New password': OTHER });
    await ada.press('Set the password');
    expect(await ada.said()).toContain('Your new password is set');
    await signIn(ada, email, OTHER);
    expect(ada.path).toBe('/account');

    const bob = await browser.person({ javaScriptEnabled: false });
    await bob.page.goto(link);
    await bob.page.getByText('I have the token from the mail').click();
    const token = tokenIn(await mailAbout(email, 'Set a new password'));
    await bob.fill({ 'Token from the mail': token, 'New password': PASSWORD });
    await bob.press('Set the password');
    expect(await bob.said()).toContain('This link is not good any more');
  });
});

describe('who is in no organisation any more', () => {
  it('signs in, is told so, and makes one', async () => {
    const email = newEmail();
    const { user } = await eventually(() => signUpByPassword(product.api.url, email), { withinMs: 60_000 });
    await product.query('delete from tenancy.memberships where user_id = $1', [user.id]);
    const ada = await browser.person();
    await ada.page.goto(url('/login'));
    await signIn(ada, email);
    expect([ada.path, await ada.heading()]).toEqual(['/login/organization', 'No organisation']);
    await ada.look('no-organisation');
    await ada.press('Make it');
    expect(await ada.page.locator('main').innerText()).toContain('Say what your organisation is called');
    await ada.fill({ Organisation: 'Second Acme' });
    await ada.press('Make it');
    expect([ada.path, await ada.heading()]).toEqual(['/account', 'Your account']);
    expect(await ada.page.locator('dl').innerText()).toContain('Second Acme');
    // The step is over.
    await ada.page.goto(url('/login/organization'));
    expect(ada.path).toBe('/account');
  });
});

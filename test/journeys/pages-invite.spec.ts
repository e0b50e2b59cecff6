import { journeyBrowser, type Person } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { mailsTo } from '../support/mail.js';
import { pagesProduct, signInElsewhere } from '../support/pages.js';
import {
  newEmail,
  PASSWORD,
  type RegisteredBody,
  signUp,
  signUpByPassword,
  succeed,
} from '../support/person.js';

const product = pagesProduct();
const browser = journeyBrowser();
const url = (path: string) => `${product.api.url}${path}`;
/** Ada, who may invite, in an organisation with room for two more. */
let ada: RegisteredBody;
beforeEach(async () => {
  ada = await signUp(product.api.url, { organization: 'Acme Tools' });
});

/** Invites an address; gives the link of the mail. */
async function invited(email: string): Promise<string> {
  const body = { email, role: 'viewer' };
  await succeed(`${product.v1}/tenant/invitations`, { bearer: ada.access_token, body });
  return eventually(async () => {
    const mails = await mailsTo(email, 0);
    const links = mails.map(({ text }) => /(http\S+\/invite#token=\S+)/.exec(text)?.[1]);
    return links.find((one) => one !== undefined) ?? false;
  });
}

const account = (person: Person) => person.page.locator('dl').innerText();

describe('an invitation, on its pages', () => {
  it('is shown to whoever has the link, and signs up somebody new into the organisation', async () => {
    const email = newEmail();
    const link = await invited(email);
    const bob = await browser.person();
    await bob.page.goto(link);
    await bob.page.waitForURL('**/invite/open');
    expect(await bob.heading()).toBe('Join Acme Tools?');
    expect(bob.page.url()).not.toContain('token');
    await bob.look('invite');
    await bob.follow('Sign up to accept');
    await bob.look('signup-invited');
    await bob.fill({ Password: 'password' });
    await bob.press('Sign up and join');
    expect(await bob.page.locator('#password-fault').innerText()).toContain('at least 15 characters');
    await bob.fill({ Password: PASSWORD });
    await bob.press('Sign up and join');
    expect(bob.path).toBe('/account');
    for (const fact of ['Acme Tools', 'viewer', email]) expect(await account(bob)).toContain(fact);
    expect(await bob.page.locator('main').innerText()).not.toContain('Verify your address');
    await bob.page.goto(link);
    await bob.page.waitForLoadState('load');
    await bob.press('Sign out');
  });

  it('is accepted by who has an account with that address, and by nobody else; they are there then', async () => {
    const email = newEmail();
    await signUp(product.api.url, { email, organization: 'Bob and Sons' });
    const link = await invited(email);
    const eve = await browser.person();
    await eve.page.goto(url('/login'));
    await eve.follow('Continue with Google');
    await eve.fill({ 'E-mail address': newEmail() });
    await eve.press('Sign in');
    await eve.fill({ Organisation: 'Eve Works' });
    await eve.press('Sign up');
    await eve.page.goto(link);
    await eve.page.waitForURL('**/invite/open');
    expect(await eve.page.locator('main').innerText()).toContain(`the invitation is to ${email}`);
    expect(await eve.page.getByRole('button', { name: 'Accept' }).count()).toBe(0);
    await eve.look('invite-other');

    const bob = await browser.person();
    await bob.page.goto(link);
    await bob.page.waitForURL('**/invite/open');
    await bob.follow('Sign in to accept');
    await bob.follow('Continue with Google');
    await bob.fill({ 'E-mail address': email });
    await bob.press('Sign in');
    expect(bob.path).toBe('/invite/open');
    await bob.look('invite-accept');
    // In another tab an application has signed somebody else in meanwhile, and then him again.
    const other = newEmail();
    await signUpByPassword(product.api.url, other);
    await signInElsewhere(bob, product, other);
    await bob.press('Accept');
    expect(await bob.said()).toContain('Since this page was shown');
    expect(await bob.page.locator('main').innerText()).toContain(`signed in as ${other}`);
    await bob.follow(`Sign in as ${email}`);
    await bob.follow('Continue with Google');
    await bob.fill({ 'E-mail address': email });
    await bob.press('Sign in');
    await bob.press('Accept');
    expect(bob.path).toBe('/account');
    expect(await account(bob)).toContain('Acme Tools');
    await bob.look('account-two');
    await bob.press('Switch to Bob and Sons (owner)');
    expect(await account(bob)).toContain('Bob and Sons');
  });

  it('signs somebody new up by a provider, too', async () => {
    const email = newEmail();
    const link = await invited(email);
    const bob = await browser.person();
    await bob.page.goto(link);
    await bob.page.waitForURL('**/invite/open');
    await bob.follow('Sign up to accept');
    await bob.follow('Continue with GitHub');
    await bob.fill({ 'E-mail address': email });
    await bob.press('Sign in');
    expect(await bob.page.locator('main').innerText()).toContain('you join Acme Tools');
    await bob.look('signup-invited-provider');
    await bob.follow('Make an organisation of your own instead');
    expect(await bob.page.getByLabel('Organisation').count()).toBe(1);
    await bob.page.goBack();
    await bob.press('Sign up and join');
    expect(await account(bob)).toContain('Acme Tools');
  });

  it('that is to another address decides nothing for who signs up by a provider', async () => {
    const [invitedOne, email] = [newEmail(), newEmail()];
    const bob = await browser.person();
    await bob.page.goto(await invited(invitedOne));
    await bob.page.waitForURL('**/invite/open');
    await bob.page.goto(url('/signup'));
    await bob.follow('Continue with Google');
    await bob.fill({ 'E-mail address': email });
    await bob.press('Sign in');
    const told = await bob.page.locator('main').innerText();
    for (const fact of [email, invitedOne, 'Acme Tools']) expect(told).toContain(fact);
    await bob.look('signup-invited-other');
    await bob.fill({ Organisation: 'Bob and Sons' });
    await bob.press('Sign up');
    expect(await account(bob)).toContain('Bob and Sons');
  });

  it('is declined by whoever has the link, without an account or a script, and is gone', async () => {
    const email = newEmail();
    const link = await invited(email);
    const bob = await browser.person({ javaScriptEnabled: false });
    await bob.page.goto(link);
    await bob.fill({ 'Token from the mail': link.split('#token=')[1] ?? '' });
    await bob.press('Open it');
    await bob.press('Decline');
    expect(await bob.said()).toContain('You have declined');
    await bob.page.goto(url('/invite'));
    await bob.fill({ 'Token from the mail': link.split('#token=')[1] ?? '' });
    await bob.press('Open it');
    expect(await bob.said()).toContain('not good any more');

    const eve = await browser.person();
    await eve.page.goto(url('/invite'));
    await eve.look('invite-token');
    // Another fragment alone would load nothing.
    await eve.page.goto('about:blank');
    await eve.page.goto(await invited(newEmail()));
    await eve.press('Decline');
    await eve.look('invite-declined');
  });
});

import { type AccountMail, accountMail } from './account-mail.js';

const BASE = 'https://gatehouse.example';
const TOKEN = 'mlt_AZr6';

describe('mails about accounts', () => {
  it.each([
    [{ kind: 'verify_email', token: TOKEN }, '/verify#token='],
    [{ kind: 'reset_password', token: TOKEN }, '/reset#token='],
    [{ kind: 'change_email_old', token: TOKEN, newEmail: 'new@example.com' }, '/verify#token='],
    [{ kind: 'change_email_new', token: TOKEN }, '/verify#token='],
  ] satisfies [AccountMail, string][])('carry link and token in both forms: $kind', (mail, path) => {
    const { text, html } = accountMail(mail, BASE);
    expect(text).toContain(`${BASE}${path}${TOKEN}`);
    expect(text.split('\n')).toContain(`  ${TOKEN}`);
    expect(html).toContain(`href="${BASE}${path}${TOKEN}"`);
    expect(html).toContain(`>${TOKEN}</p>`);
  });

  it.each(['password_changed', 'address_taken'] as const)('carry nothing to follow: %s', (kind) => {
    const { text, html } = accountMail({ kind }, BASE);
    expect(text + html).not.toMatch(/mlt_|href/);
  });

  it('do not let an address become markup', () => {
    const mail = accountMail({ kind: 'change_email_old', token: TOKEN, newEmail: '<b>@example.com' }, BASE);
    expect(mail.html).not.toContain('<b>');
  });
});

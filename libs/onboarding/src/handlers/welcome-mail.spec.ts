import { welcomeMail } from './welcome-mail.js';

describe('the welcome mail', () => {
  it('holds the key in both forms', () => {
    const mail = welcomeMail({ organization: 'Acme', name: 'Ada', key: 'GH-FREE-0-0', tier: 'FREE' });
    expect(mail.text).toContain('GH-FREE-0-0');
    expect(mail.html).toContain('GH-FREE-0-0');
  });

  it('does not let a name become markup', () => {
    const mail = welcomeMail({ organization: '<script>x</script>', name: '<b>', key: 'k', tier: 'FREE' });
    expect(mail.html).not.toContain('<script>');
    expect(mail.html).not.toContain('<b>');
  });
});

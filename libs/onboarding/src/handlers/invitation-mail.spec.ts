import { invitationMail } from './invitation-mail.js';

const words = {
  organization: 'Acme <b>Tools</b>',
  inviter: '<i>Ada</i>',
  role: 'developer',
  token: 'ivt_abc',
  expiresAt: new Date('2026-11-29T12:00:00Z'),
};

describe('the mail of an invitation', () => {
  const mail = invitationMail(words, 'https://gatehouse.example');

  it('says who invites, to what, as what and until when, with link and token', () => {
    expect(mail.text).toContain('<i>Ada</i> invites you to join Acme <b>Tools</b> as developer.');
    expect(mail.text).toContain('https://gatehouse.example/invite#token=ivt_abc');
    expect(mail.text).toMatch(/^ {2}ivt_abc$/m);
    expect(mail.text).toContain('until 2026-11-29');
    expect(invitationMail({ ...words, inviter: null }, 'x').text).toContain('Somebody invites you');
  });

  it('lets no name become markup', () => {
    expect(mail.html).not.toContain('<b>');
    expect(mail.html).not.toContain('<i>');
  });
});

import { type NewDevice, newDeviceMail } from './new-device-mail.js';

const SEEN: NewDevice = {
  browser: 'Firefox 128',
  system: 'Linux',
  address: '203.0.113.7',
  place: 'Berlin, DE',
  at: new Date('2026-05-01T10:05:00Z'),
  timeZone: 'Europe/Berlin',
  sessionId: 'ses_01k9zq6mwee4rr8q3fjz6c1v2d',
};

describe('the mail on a new device', () => {
  it('says what, when in the time of the reader, where, and how to end it, in both forms', () => {
    const { subject, text, html } = newDeviceMail(SEEN, 'https://gatehouse.example');
    expect(subject).toBe('A new sign-in: Firefox 128 on Linux');
    for (const form of [text, html]) {
      for (const part of ['Firefox 128 on Linux', '12:05 (Europe/Berlin)', 'Berlin, DE, 203.0.113.7'])
        expect(form).toContain(part);
      expect(form).toContain(`https://gatehouse.example/sessions#${SEEN.sessionId}`);
      expect(form).toContain(`DELETE /api/v1/auth/sessions/${SEEN.sessionId}`);
    }
  });

  it('does not invent what is not known, nor lets a program become markup', () => {
    const unknown = { ...SEEN, system: null, place: null, address: null, timeZone: null };
    const { text, html } = newDeviceMail({ ...unknown, browser: '<b>x</b> 1' }, 'https://gatehouse.example');
    expect(text).toContain('Where: not known');
    expect(text).toContain('10:05 (UTC)');
    expect(html).not.toContain('<b>');
  });
});

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { Message } from '../mail/mailbox.js';
import { startMail } from './mail.js';
import type { Mail } from './mail.js';

describe('the mail catcher', () => {
  let mail: Mail;
  const send = (to: string, html?: string) =>
    createTransport(mail.smtpUrl).sendMail({
      from: 'Gatehouse <gatehouse@example.com>',
      to,
      subject: 'Your <b>key</b>',
      text: 'The key is GATE-FREE-1',
      html,
      messageId: '<welcome-1@example.com>',
    });
  const messages = async (query: string) =>
    (await (await fetch(`${mail.url}/messages.json${query}`)).json()) as Message[];

  beforeAll(async () => {
    mail = await startMail({ directory: mkdtempSync(join(tmpdir(), 'mail-')) });
  });
  afterAll(() => mail.stop());

  it('catches a message and gives it back as JSON, without waiting longer than it takes', async () => {
    const waiting = messages('?to=ada@example.com&wait=30');
    await send('ada@example.com');
    expect(await waiting).toMatchObject([
      {
        to: ['ada@example.com'],
        from: 'gatehouse@example.com',
        subject: 'Your <b>key</b>',
        text: expect.stringContaining('GATE-FREE-1'),
        message_id: '<welcome-1@example.com>',
        received_at: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
    expect(await messages('?to=nobody@example.com')).toEqual([]);
  });

  it('shows it on a page, where nothing of a message runs', async () => {
    await send('eve@example.com', '<script>steal()</script><p>Hi</p>');
    const [message] = await messages('?to=eve@example.com');
    const list = await (await fetch(mail.url)).text();
    expect(list).toContain(`/messages/${message!.id}`);
    expect(list).not.toContain('<b>key</b>');

    const view = await fetch(`${mail.url}/messages/${message!.id}`);
    expect(await view.text()).toContain(`<iframe sandbox src="/messages/${message!.id}.html"`);
    expect(view.headers.get('content-security-policy')).toContain("default-src 'none'");

    const html = await fetch(`${mail.url}/messages/${message!.id}.html`);
    expect(html.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/);
  });

  it('answers only to the names of this machine, and only to reading', async () => {
    expect((await fetch(`${mail.url}/nothing`)).status).toBe(404);
    expect((await fetch(mail.url, { method: 'DELETE' })).status).toBe(405);
    expect(await statusFor('evil.example.com')).toBe(421);
  });

  async function statusFor(host: string): Promise<number | undefined> {
    const { get } = await import('node:http');
    return new Promise((resolve, reject) => {
      get(mail.url, { headers: { host } }, (response) => resolve(response.resume().statusCode)).on(
        'error',
        reject,
      );
    });
  }
});

import { PermanentFailure } from '../events/permanent-failure.js';
import { type Mailer, type OutgoingMail, MailRefused, MailUnavailable } from './mailer.js';

/** A mail as its reader gets it, decoded. */
export interface DeliveredMail {
  from: string;
  recipients: string[];
  subject: string;
  text: string;
  html: string;
  messageId: string;
  /** Every header's name in lower case, where mails have headers. */
  headerNames: string[];
}

/** What a mailer under test sends to. */
export interface MailServer {
  mailer: Mailer;
  /** What has arrived, in order. */
  delivered(): Promise<DeliveredMail[]>;
  /** A mailer whose server is gone. */
  away: Mailer;
  stop(): Promise<void>;
  /** Only for servers that judge mails. */
  remote?: {
    /** From now on this recipient is rejected for good, or only for now. */
    reject(address: string, how: 'for good' | 'for now'): void;
    /** A mailer of short patience whose server takes the connection and never finishes its answer. */
    slow: Mailer;
    /** A mailer with credentials that the server does not accept. */
    stranger: Mailer;
  };
}

export const FROM = 'Gatehouse <no-reply@gatehouse.test>';

export const mail = (changes: Partial<OutgoingMail> = {}): OutgoingMail => ({
  to: 'ada@example.test',
  subject: 'Your licence',
  text: 'Hello Ada,\n.\nyour key is GATE-PRO-0.\n',
  html: '<p>Hello <b>Ada</b></p>',
  messageId: '<welcome.1@gatehouse.test>',
  ...changes,
});

/** What every mailer promises, whatever it sends through. */
export function mailerContract(name: string, start: () => Promise<MailServer>): void {
  describe(`${name} as a Mailer`, () => {
    let server: MailServer;

    beforeEach(async () => {
      server = await start();
    });
    afterEach(async () => {
      await server.stop();
    });

    const only = async (): Promise<DeliveredMail> => {
      const all = await server.delivered();
      expect(all).toHaveLength(1);
      return all[0]!;
    };

    it('delivers both parts, a subject in any script, and the Message-ID it was given', async () => {
      await server.mailer.send(mail({ subject: 'Příliš žluťoučký kůň 🐎 — 你好' }));

      expect(await only()).toMatchObject({
        from: FROM,
        recipients: ['ada@example.test'],
        subject: 'Příliš žluťoučký kůň 🐎 — 你好',
        html: '<p>Hello <b>Ada</b></p>',
        messageId: '<welcome.1@gatehouse.test>',
      });
      expect((await only()).text.trimEnd()).toBe('Hello Ada,\n.\nyour key is GATE-PRO-0.');
    });

    it('keeps the Message-ID on a retry', async () => {
      await server.mailer.send(mail());
      await server.mailer.send(mail());

      const ids = new Set((await server.delivered()).map((one) => one.messageId));
      expect([...ids]).toEqual(['<welcome.1@gatehouse.test>']);
    });

    it.each(['\r\n', '\n', '\r', '\u0085', '\u2028', '\u0000'])(
      'makes one line of a subject with %j in it',
      async (evil) => {
        await server.mailer.send(
          mail({ subject: `Hello${evil}Bcc: eve@example.test${evil}${evil}<b>body</b>` }),
        );

        const got = await only();
        expect(got.subject).toBe('Hello Bcc: eve@example.test <b>body</b>');
        expect(got.recipients).toEqual(['ada@example.test']);
        expect(got.headerNames).not.toContain('bcc');
      },
    );

    it.each([
      'ada@example.test\r\nBcc: eve@example.test',
      'ada@example.test\n',
      'ada@example.test, eve@example.test',
      'ada@example.test;eve@example.test',
      'Ada <ada@example.test>',
      '"eve@example.test"@example.test',
      'group:ada@example.test;',
      'ada@@example.test',
      'ada',
      '',
      `${'a'.repeat(250)}@example.test`,
      'ada\ud800@example.test',
    ])('refuses the recipient %j', async (to) => {
      await expect(server.mailer.send(mail({ to }))).rejects.toThrow(MailRefused);
      expect(await server.delivered()).toEqual([]);
    });

    it.each([
      '<a@b>\r\nBcc: eve@example.test',
      'a@b',
      '<a b@c>',
      '<a@b><c@d>',
      '<>',
      `<${'k'.repeat(300)}@b>`,
    ])('refuses the Message-ID %j', async (messageId) => {
      await expect(server.mailer.send(mail({ messageId }))).rejects.toThrow(MailRefused);
      expect(await server.delivered()).toEqual([]);
    });

    it('sends text of any script with a lone surrogate replaced', async () => {
      await server.mailer.send(mail({ text: 'キー \ud800 ok', html: '<i>\udc00</i>' }));

      const got = await only();
      expect(got.text.trimEnd()).toBe('キー \ufffd ok');
      expect(got.html.trimEnd()).toBe('<i>\ufffd</i>');
    });

    it('is unavailable when the server is gone', async () => {
      await expect(server.away.send(mail())).rejects.toThrow(MailUnavailable);
    });

    it('can be closed twice', async () => {
      await server.mailer.send(mail());
      await server.mailer.close();
      await server.mailer.close();
    });
  });
}

/** What a mailer promises besides when a server elsewhere judges its mails. */
export function remoteMailerContract(
  name: string,
  start: () => Promise<MailServer & Required<Pick<MailServer, 'remote'>>>,
): void {
  describe(`${name} with a server elsewhere`, () => {
    let server: Awaited<ReturnType<typeof start>>;

    beforeEach(async () => {
      server = await start();
    });
    afterEach(async () => {
      await server.stop();
    });

    it('is refused when the recipient is rejected for good, and its event is given up at once', async () => {
      server.remote.reject('nobody@example.test', 'for good');

      const sent = server.mailer.send(mail({ to: 'nobody@example.test' }));
      await expect(sent).rejects.toThrow(MailRefused);
      await expect(sent).rejects.toThrow(PermanentFailure);
      expect(await server.delivered()).toEqual([]);
    });

    it('is unavailable when the recipient is rejected for now, and can send to others at once', async () => {
      server.remote.reject('busy@example.test', 'for now');

      await expect(server.mailer.send(mail({ to: 'busy@example.test' }))).rejects.toThrow(MailUnavailable);
      await server.mailer.send(mail());
      expect(await server.delivered()).toHaveLength(1);
    });

    it('gives up on a server that never finishes its answer', async () => {
      await expect(server.remote.slow.send(mail())).rejects.toThrow(MailUnavailable);
    });

    // A wrong password must hold mails back until it is repaired, never throw them away.
    it('is unavailable when the server does not accept our credentials', async () => {
      await expect(server.remote.stranger.send(mail())).rejects.toThrow(MailUnavailable);
      expect(await server.delivered()).toEqual([]);
    });
  });
}

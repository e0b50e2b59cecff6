import { ConsoleMailer } from './console-mailer.js';
import { FROM, mail, mailerContract } from './mailer.contract.js';

mailerContract('ConsoleMailer', async () => {
  const lines: string[] = [];
  return {
    mailer: new ConsoleMailer((line) => lines.push(line), FROM),
    away: new ConsoleMailer(() => {
      throw new Error('EPIPE');
    }, FROM),
    delivered: async () => lines.map(read),
    stop: async () => undefined,
  };
});

describe('ConsoleMailer', () => {
  it('writes a mail as one line', async () => {
    const lines: string[] = [];
    await new ConsoleMailer((line) => lines.push(line), FROM).send(mail({ text: 'one\ntwo' }));

    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\n');
  });
});

function read(line: string) {
  const { to, message_id, ...rest } = (JSON.parse(line) as { mail: Record<string, string> }).mail;
  return {
    from: rest['from']!,
    recipients: [to!],
    subject: rest['subject']!,
    text: rest['text']!,
    html: rest['html']!,
    messageId: message_id!,
    headerNames: [],
  };
}

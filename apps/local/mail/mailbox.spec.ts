import { Mailbox } from './mailbox.js';

const content = (to: string, text = 'Hello') => ({
  to: [to],
  from: 'gatehouse@example.com',
  subject: 'Welcome',
  text,
  html: '',
  message_id: '<1@example.com>',
  received_at: '2026-11-22T00:00:00.000Z',
});

describe('the mailbox', () => {
  it('lists the mail to one address, whatever its case', () => {
    const mailbox = new Mailbox();
    mailbox.add(content('ada@example.com'));
    mailbox.add(content('bob@example.com'));

    expect(mailbox.list('Ada@Example.com')).toMatchObject([{ to: ['ada@example.com'] }]);
    expect(mailbox.list()).toHaveLength(2);
  });

  it('forgets the oldest beyond its number and its size', () => {
    const few = new Mailbox(2);
    for (const name of ['a', 'b', 'c']) few.add(content(name));
    expect(few.list().map((message) => message.to[0])).toEqual(['b', 'c']);

    const small = new Mailbox(100, 3_000);
    small.add(content('a', 'x'.repeat(1_000)));
    small.add(content('b', 'x'.repeat(1_000)));
    expect(small.list().map((message) => message.to[0])).toEqual(['b']);
  });

  it('keeps one message that is larger than its size', () => {
    const mailbox = new Mailbox(100, 1_000);
    mailbox.add(content('a', 'x'.repeat(5_000)));
    expect(mailbox.list()).toHaveLength(1);
  });

  it('answers those who wait as soon as the mail is there', async () => {
    const mailbox = new Mailbox();
    const waiting = mailbox.waitFor('ada@example.com', 2, new AbortController().signal);
    mailbox.add(content('ada@example.com'));
    mailbox.add(content('bob@example.com'));
    mailbox.add(content('ada@example.com'));
    expect(await waiting).toHaveLength(2);
  });

  it('answers with what there is when the time is up', async () => {
    const mailbox = new Mailbox();
    mailbox.add(content('ada@example.com'));
    const time = new AbortController();
    const waiting = mailbox.waitFor('ada@example.com', 2, time.signal);
    time.abort();
    expect(await waiting).toHaveLength(1);
  });
});

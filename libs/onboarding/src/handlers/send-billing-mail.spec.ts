import {
  type DeliveredEvent,
  EventMail,
  type Log,
  Mailer,
  MailRefused,
  MailUnavailable,
  ManualClock,
  newId,
  type OutgoingMail,
} from '#platform';
import type { ReadBillingContacts } from '#billing';
import { NoticeRaised } from '#billing/events';
import type { ReadContact } from '#identity';
import type { DescribePayers } from '#tenancy';
import { SendBillingMail } from './send-billing-mail.js';

/** Takes mails, but not to those who are refused for good, nor to those who are refused for now. */
class Post extends Mailer {
  readonly sent: OutgoingMail[] = [];
  readonly refused = new Set<string>();
  readonly later = new Set<string>();

  async send(mail: OutgoingMail): Promise<void> {
    if (this.refused.has(mail.to)) throw new MailRefused('550 no such user');
    if (this.later.has(mail.to)) throw new MailUnavailable('451 try again');
    this.sent.push(mail);
  }
}

/** Those whose role it concerns, by their ids. */
const PAYERS = new Map([
  [newId('usr'), 'ada@acme.example'],
  [newId('usr'), 'bob@acme.example'],
]);

describe('mails about what is paid (S1-52)', () => {
  let post: Post;
  let warned: object[];
  let contacts: string[];
  beforeEach(() => {
    [post, warned, contacts] = [new Post(), [], ['one@acme.example', 'two@acme.example', 'bob@acme.example']];
  });

  const event = {
    ...{ id: 'evt_1', tenantId: 'ten_1', traceId: 'trace' },
    payload: NoticeRaised.schema.parse({
      ...{ kind: 'recovered', key: 'recovered:in_1', plan: 'TEAM', planName: 'Team', amountDue: null },
      ...{ currency: null, trialEnd: null, endsAt: null, restrictsAt: null, suspendsAt: null },
    }),
  } as DeliveredEvent<typeof NoticeRaised>;

  const send = () => {
    const people = { execute: async () => ({ name: 'Acme', payers: [...PAYERS.keys()] }) };
    const person = {
      execute: async (_: unknown, id: string) => ({ email: PAYERS.get(id), displayName: null }),
    };
    return new SendBillingMail(
      people as unknown as DescribePayers,
      person as unknown as ReadContact,
      { execute: async () => contacts } as unknown as ReadBillingContacts,
      new EventMail(post, new ManualClock()),
      { warn: (facts: object) => void warned.push(facts) } as unknown as Log,
    ).handle(event);
  };
  const names = () => post.sent.map(({ to }) => to.split('@')[0]);

  it('go to owners, billing people and contacts, once to each', async () => {
    expect(await send()).toHaveLength(4);
    expect(names()).toEqual(['ada', 'bob', 'one', 'two']);
  });

  it('go to all others when one is refused, and are noted (nobody behind it was told, nor noted who was)', async () => {
    for (const one of ['ada', 'one']) post.refused.add(`${one}@acme.example`);
    expect(await send()).toHaveLength(2);
    expect(names()).toEqual(['bob', 'two']);
    expect(warned).toMatchObject([
      { about: [...PAYERS.keys()][0] },
      { about: expect.stringMatching(/^contact-/) },
    ]);
    expect(JSON.stringify(warned)).not.toContain('acme.example');
  });

  it('are given up when nobody at all can be told, and come again when somebody can be later', async () => {
    for (const one of ['ada', 'bob', 'one', 'two']) post.refused.add(`${one}@acme.example`);
    await expect(send()).rejects.toThrow(MailRefused);
    post.later.add('two@acme.example');
    post.refused.clear();
    await expect(send()).rejects.toThrow(MailUnavailable);
  });

  it('have an id by who gets them, whoever else is written to by then (a new one was taken for a duplicate)', async () => {
    await send();
    const idOf = (name: string) => post.sent.findLast(({ to }) => to.startsWith(name))?.messageId;
    const [one, two] = [idOf('one'), idOf('two')];
    expect(one).toMatch(/^<evt_1\.contact-[0-9a-f]{16}@gatehouse>$/);
    contacts = ['new@acme.example', 'two@acme.example'];
    await send();
    expect(idOf('two')).toBe(two);
    expect([one, two]).not.toContain(idOf('new'));
  });
});

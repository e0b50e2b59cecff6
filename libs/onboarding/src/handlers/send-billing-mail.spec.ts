import {
  type DeliveredEvent,
  EventMail,
  type Log,
  Mailer,
  ManualClock,
  newId,
  type OutgoingMail,
} from '#platform';
import type { ReadBillingContacts } from '#billing';
import { NoticeRaised } from '#billing/events';
import type { ReadContact } from '#identity';
import type { DescribePayers } from '#tenancy';
import { SendBillingMail } from './send-billing-mail.js';

/** Keeps what is sent. */
class Post extends Mailer {
  readonly sent: OutgoingMail[] = [];

  async send(mail: OutgoingMail): Promise<void> {
    this.sent.push(mail);
  }
}

const NO_LOG = { warn: () => undefined } as unknown as Log;

/** Those whose role it concerns, by their ids. */
const PAYERS = new Map([
  [newId('usr'), 'ada@acme.example'],
  [newId('usr'), 'bob@acme.example'],
]);

describe('mails about what is paid (S1-52)', () => {
  let post: Post;
  let contacts: string[];
  beforeEach(() => {
    [post, contacts] = [new Post(), ['one@acme.example', 'two@acme.example', 'bob@acme.example']];
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
      new EventMail(post, new ManualClock(), NO_LOG),
    ).handle(event, { done: new Set(), once: async (_, work) => void (await work()) });
  };
  const names = () => post.sent.map(({ to }) => to.split('@')[0]);

  it('go to owners, billing people and contacts, once to each', async () => {
    await send();
    expect(names()).toEqual(['ada', 'bob', 'one', 'two']);
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

import { DiscoveryService, Reflector } from '@nestjs/core';
import { z } from 'zod';
import { testDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { Actor } from '../actor/actor.js';
import { SystemClock } from '../clock/clock.js';
import { loadConfig } from '../config/config.js';
import { readEnvironment } from '../config/environment.js';
import { AppDatabase } from '../db/app-database.js';
import { Db } from '../db/db.js';
import { Entities } from '../db/entities.js';
import { SystemDatabase } from '../db/system-database.js';
import { type DeliveredEvent, defineEvent } from '../events/event.js';
import { type EffectParts, type EventHandler, Handles } from '../events/handler.js';
import { occurred } from '../events/outbox.js';
import { newId } from '../ids/ids.js';
import { DeadLetters } from '../queues/dead-letters.js';
import { EventDelivery } from '../queues/event-delivery.js';
import { EventsConfig } from '../queues/events.config.js';
import { type Delivery, Inbox } from '../queues/inbox.js';
import { Subscriptions } from '../queues/subscriptions.js';
import type { Log } from '../telemetry/logger.js';
import { EventMail } from './event-mail.js';
import { MailSent } from './mail-events.js';
import { Mailer, MailRefused, MailUnavailable, type OutgoingMail } from './mailer.js';

const NAMES = ['ada', 'bob', 'eve', 'joe', 'mia', 'tom'];
const ThingMade = defineEvent('probe.thing.made', 1, z.object({}));

/** Takes mails, but not to those who are refused, for good or for now. */
class Post extends Mailer {
  readonly sent: OutgoingMail[] = [];
  readonly offered: string[] = [];
  isAway = false;
  readonly refused = new Set<string>();
  readonly later = new Set<string>();

  async send(mail: OutgoingMail): Promise<void> {
    this.offered.push(mail.to);
    if (this.isAway) throw new MailUnavailable('421 closing');
    if (this.refused.has(mail.to)) throw new MailRefused(`550 no such user: ${mail.to}`);
    if (this.later.has(mail.to)) throw new MailUnavailable('451 try again', { isOfRecipient: true });
    this.sent.push(mail);
  }
}

@Handles('probe.tell', ThingMade, 'effect')
class Tell implements EventHandler<typeof ThingMade> {
  constructor(private readonly eventMail: EventMail) {}

  handle(event: DeliveredEvent<typeof ThingMade>, parts: EffectParts): Promise<void> {
    const letters = NAMES.map((about) => ({
      about,
      mail: { to: `${about}@acme.example`, subject: 'A thing', text: 'Made.', html: '<p>Made.</p>' },
      told: { kind: 'tenant_restored', userId: null } as const,
    }));
    return this.eventMail.sendEach(event, letters, parts);
  }
}

describe('the letters of one event', () => {
  let database: TestDatabase;
  let app: AppDatabase;
  let system: SystemDatabase;
  let db: Db;
  let post: Post;
  let warned: object[];
  let delivering: EventDelivery;
  beforeAll(async () => {
    database = await testDatabase();
    const config = {
      ...{ url: database.url, systemUrl: database.systemUrl, poolSize: 8 },
      ...{ plaintextAllowed: true, passwordlessAllowed: false },
    };
    app = new AppDatabase(config, new Entities([]));
    system = new SystemDatabase(config);
    await app.onModuleInit();
    db = new Db(app);
  });
  afterAll(async () => {
    await app.onApplicationShutdown();
    await system.onApplicationShutdown();
    await database.drop();
  });
  beforeEach(() => {
    [post, warned] = [new Post(), []];
    const log = {
      warn: (facts: object) => void warned.push(facts),
      error: () => undefined,
    } as unknown as Log;
    const tell = new Tell(new EventMail(post, new SystemClock(), log));
    const found = { getProviders: () => [{ metatype: Tell, instance: tell }] } as unknown as DiscoveryService;
    const config = loadConfig([EventsConfig], readEnvironment({ ENV: 'test' })).of(EventsConfig);
    const subscriptions = new Subscriptions(config, found, new Reflector());
    subscriptions.discover();
    delivering = new EventDelivery(subscriptions, new Inbox(db, new SystemClock()), db, config, log);
  });

  async function made(): Promise<Delivery> {
    const actor = Actor.system(newId('ten'), 'trace');
    await db.transaction(actor, async () => db.record([occurred(ThingMade, {}, new Date())]));
    const [row] = await db.read<{ id: string; at: string }>(
      actor,
      'select id, recorded_at::text as at from platform.outbox',
    );
    return { tenantId: actor.tenantId!, eventId: row!.id, recordedAt: row!.at, subscription: 'probe.tell' };
  }
  const names = () => post.sent.map(({ to }) => to.split('@')[0]).sort();
  const address = (name: string) => `${name}@acme.example`;
  const noted = async ({ tenantId }: Delivery) => {
    const sql = `select payload ->> 'messageId' as id from platform.outbox where name = $1 order by 1`;
    return (await db.read<{ id: string }>(Actor.system(tenantId, ''), sql, [MailSent.name])).map(
      ({ id }) => id,
    );
  };
  const idOf = ({ eventId }: Delivery, name: string) => `<${eventId}.${name}@gatehouse>`;
  const isDead = async ({ tenantId }: Delivery) =>
    (await db.read(Actor.system(tenantId, ''), 'select 1 from platform.dead_letters')).length > 0;

  it('go to each once, also when they can be sent to some only later (all others got up to twelve)', async () => {
    const event = await made();
    for (const name of ['bob', 'tom']) post.later.add(address(name));
    expect(await delivering.attempt(event)).toMatchObject({ again: true });
    expect(names()).toEqual(['ada', 'eve', 'joe', 'mia']);
    expect(await noted(event)).toEqual(['ada', 'eve', 'joe', 'mia'].map((name) => idOf(event, name)));
    post.later.delete(address('tom'));
    expect(await delivering.attempt(event)).toMatchObject({ again: true });
    post.later.clear();
    expect(await delivering.attempt(event)).toEqual({ again: false });
    expect(names()).toEqual(NAMES);
    expect(await noted(event)).toEqual(NAMES.map((name) => idOf(event, name)));
    expect(await delivering.attempt(event)).toEqual({ again: false });
    expect(post.sent).toHaveLength(NAMES.length);
  });

  it('go to all others when one is refused for good, and that is noted without an address', async () => {
    const event = await made();
    post.refused.add(address('ada'));
    post.later.add(address('bob'));
    expect(await delivering.attempt(event)).toMatchObject({ again: true });
    post.later.clear();
    expect(await delivering.attempt(event)).toEqual({ again: false });
    expect(names()).toEqual(NAMES.slice(1));
    expect(await isDead(event)).toBe(false);
    expect(post.offered.filter((to) => to === address('ada'))).toHaveLength(1);
    expect(warned).toContainEqual(expect.objectContaining({ about: 'ada', event_id: event.eventId }));
    expect(JSON.stringify(warned)).not.toContain('acme.example');
  });

  it('are given up when nobody at all can be told, and come again while somebody can be later', async () => {
    const [nobody, somebody] = [await made(), await made()];
    for (const name of NAMES) post.refused.add(address(name));
    expect(await delivering.attempt(nobody)).toEqual({ again: false });
    expect(await isDead(nobody)).toBe(true);
    const letters = new DeadLetters(system);
    await letters.retry({ eventId: nobody.eventId });
    expect(await delivering.attempt(nobody)).toEqual({ again: false });
    expect(await isDead(nobody)).toBe(true);
    expect(post.offered).toHaveLength(2 * NAMES.length);
    post.refused.delete(address('tom'));
    post.later.add(address('tom'));
    expect(await delivering.attempt(somebody)).toMatchObject({ again: true });
    expect(await isDead(somebody)).toBe(false);
  });

  it('are offered to nobody else while the server is away', async () => {
    const event = await made();
    post.isAway = true;
    expect(await delivering.attempt(event)).toMatchObject({ again: true });
    expect(post.offered).toHaveLength(1);
    post.isAway = false;
    expect(await delivering.attempt(event)).toEqual({ again: false });
    expect(names()).toEqual(NAMES);
  });

  it('are not sent again to those whom an attempt told that ended with its process', async () => {
    const event = await made();
    const send = post.send.bind(post);
    post.send = (mail) =>
      mail.to === address('mia') ? Promise.reject(new Error('The process ends.')) : send(mail);
    expect(await delivering.attempt(event)).toMatchObject({ again: true });
    post.send = send;
    expect(await delivering.attempt(event)).toEqual({ again: false });
    expect(names()).toEqual(NAMES);
  });
});

import { ManualClock, newId, type RedisConfig, RedisClients } from '#platform';
import { eventually } from '../../../../test/support/eventually.js';
import { silent } from '../../../../test/support/keyring.js';
import { testRedis, type TestRedis } from '../../../../test/support/redis.js';
import { MemberEpochs, memberKey } from '../tokens/epochs.js';
import { EndedSessions } from './ended-sessions.js';
import { SessionActivity } from './session-activity.js';
import { SessionNews } from './session-news.js';

describe('the news of ended sessions', () => {
  const clock = new ManualClock(new Date('2026-05-01T00:00:00Z'));
  /** When a token was issued, in seconds. */
  const NOW = clock.now().getTime() / 1_000;
  let server: TestRedis;
  const opened: { close(): void }[] = [];

  beforeAll(async () => {
    server = await testRedis();
  });
  afterAll(async () => {
    for (const one of opened) one.close();
    await server.drop();
  });

  /** One process of the product. */
  function aProcess() {
    const clients = new RedisClients({ url: server.url } as RedisConfig);
    const ended = new EndedSessions(clock);
    const activity = new SessionActivity(clients, clock);
    const epochs = new MemberEpochs(clock);
    const news = new SessionNews(clients, ended, epochs, activity, clock, silent);
    opened.push({ close: () => clients.onApplicationShutdown() });
    return { ended, epochs, news };
  }
  const hasHeard = async (listener: ReturnType<typeof aProcess>, teller: ReturnType<typeof aProcess>) =>
    eventually(() => {
      // Anew each time: what is told while nobody listens is lost, and found in Postgres.
      const id = newId('ses');
      teller.news.tell([id]);
      return eventually(() => listener.ended.has(id, NOW), { withinMs: 300, everyMs: 10 });
    });

  it('reach a process that began to listen before there was a Redis, and one whose Redis came back', async () => {
    const [teller, listener] = [aProcess(), aProcess()];
    await server.kill();
    const subscriber = listener.news.listen();
    opened.push({ close: () => subscriber.disconnect() });
    await server.start();
    expect(await hasHeard(listener, teller)).toBe(true);

    await server.kill();
    await server.start();
    expect(await hasHeard(listener, teller)).toBe(true);
  });

  it('tell of outdated access tokens as well', async () => {
    const [teller, listener] = [aProcess(), aProcess()];
    const subscriber = listener.news.listen();
    opened.push({ close: () => subscriber.disconnect() });
    expect(await hasHeard(listener, teller)).toBe(true);
    const member = { tenantId: newId('ten'), userId: newId('usr'), epoch: 2 };
    teller.news.tellOutdated([member]);
    const isOver = (epoch: number) =>
      listener.epochs.isOver(memberKey(member.tenantId, member.userId), epoch, NOW);
    await eventually(() => isOver(1));
    expect(isOver(2)).toBe(false);
  });

  it('are taken up at once by whoever tells them, Redis or none', async () => {
    const { ended, news } = aProcess();
    const id = newId('ses');
    news.tell([id]);
    expect(ended.has(id, NOW)).toBe(true);
  });

  it('that are not of a session of ours are passed over', async () => {
    const [stranger, listener] = [aProcess(), aProcess()];
    const subscriber = listener.news.listen();
    opened.push({ close: () => subscriber.disconnect() });
    await hasHeard(listener, stranger);
    const clients = new RedisClients({ url: server.url } as RedisConfig);
    opened.push({ close: () => clients.onApplicationShutdown() });
    const publish = (text: string) => clients.for('nonces').publish('auth:sessions:ended', text);
    const id = newId('ses');
    await publish(`${id} soon`);
    await publish(`${id} ${clock.now().getTime()} ${'x'.repeat(5_000)}`);
    await hasHeard(listener, stranger);
    expect(listener.ended.has(id, NOW)).toBe(false);
  });
});

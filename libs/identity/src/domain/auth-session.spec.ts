import { newId } from '#platform';
import { AuthSession, SESSION_IDLE_MS, SESSION_LIFETIME_MS } from './auth-session.js';

const START = new Date('2026-05-01T00:00:00Z');
const after = (ms: number) => new Date(START.getTime() + ms);
const started = () =>
  AuthSession.start(
    {
      tenantId: newId('ten'),
      userId: newId('usr'),
      provider: 'google.com',
      amr: ['fed'],
      address: null,
      traceId: 'a',
    },
    START,
  );

describe('a login session', () => {
  it('ends after 14 idle days', () => {
    expect(started().isLive(after(SESSION_IDLE_MS - 1))).toBe(true);
    expect(started().isLive(after(SESSION_IDLE_MS))).toBe(false);
  });

  it('ends 30 days after sign-in however much it is used', () => {
    const session = started();
    for (let ms = 0; ms < SESSION_LIFETIME_MS; ms += SESSION_IDLE_MS / 2) session.refresh(after(ms));
    expect(session.isLive(after(SESSION_LIFETIME_MS - 1))).toBe(true);
    expect(session.isLive(after(SESSION_LIFETIME_MS))).toBe(false);
  });

  it('ends once', () => {
    const session = started();
    session.takeEvents();
    expect(session.end('logout', START)).toBe(true);
    expect(session.end('refresh_reuse', START)).toBe(false);
    expect(session.takeEvents().map((event) => event.name)).toEqual(['identity.session.ended']);
    expect(session.isLive(START)).toBe(false);
  });
});

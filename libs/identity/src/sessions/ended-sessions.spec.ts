import { ManualClock } from '#platform';
import { EndedSessions, REMEMBER_MS } from './ended-sessions.js';

describe('the sessions that have ended', () => {
  const clock = new ManualClock(new Date('2026-05-01T00:00:00Z'));
  const seconds = () => clock.now().getTime() / 1_000;
  const ending = (id: string) => ({ id, endedAt: clock.now() });
  let ended: EndedSessions;
  beforeEach(() => {
    ended = new EndedSessions(clock);
  });

  it('are known by their id, whenever their tokens were issued', () => {
    expect(ended.note([ending('ses_1')])).toEqual(['ses_1']);
    expect(ended.note([ending('ses_1'), ending('ses_2')])).toEqual(['ses_2']);
    expect(ended.has('ses_1', seconds() - 3_000)).toBe(true);
    expect(ended.has('ses_1', seconds() + 1)).toBe(true);
    expect(ended.has('ses_3', seconds() - 3_000)).toBe(false);
  });

  it('are forgotten when no token of theirs lives, and nobody is refused for it', () => {
    ended.note([ending('ses_1')]);
    clock.advance(REMEMBER_MS);
    ended.note([ending('ses_2')]);
    expect(ended.has('ses_1', seconds())).toBe(false);
    expect(ended.has('ses_2', seconds())).toBe(true);
  });

  it('are never missed when there are too many: then every token of their age is refused', () => {
    ended.note([ending('ses_1')], 2);
    clock.advance(10_000);
    ended.note([ending('ses_2'), ending('ses_3')], 2);
    expect(ended.has('ses_1', seconds() - 11)).toBe(true);
    expect(ended.has('ses_9', seconds() - 11)).toBe(true);
    expect(ended.has('ses_9', seconds() - 9)).toBe(false);
    expect(ended.has('ses_3', seconds())).toBe(true);
  });
});

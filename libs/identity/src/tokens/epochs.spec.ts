import { ManualClock } from '#platform';
import { REMEMBER_MS } from '../sessions/ended-sessions.js';
import { ServiceEpochs } from './epochs.js';

describe('the epochs of service accounts', () => {
  let clock: ManualClock;
  let epochs: ServiceEpochs;
  beforeEach(() => {
    clock = new ManualClock(new Date('2026-05-01T00:00:00Z'));
    epochs = new ServiceEpochs(clock);
  });
  const now = () => Math.floor(clock.now().getTime() / 1_000);

  it('end what is of an earlier one, also within the same second, and nothing else', () => {
    expect(epochs.isOver('svc_a', 1, now())).toBe(false);
    epochs.note('svc_a', 2);
    expect(epochs.isOver('svc_a', 1, now())).toBe(true);
    expect(epochs.isOver('svc_a', 2, now())).toBe(false);
    expect(epochs.isOver('svc_a', 3, now())).toBe(false);
    expect(epochs.isOver('svc_b', 1, now())).toBe(false);
  });

  it('never go back, in whatever order they are heard of', () => {
    epochs.note('svc_a', 3);
    epochs.note('svc_a', 2);
    expect(epochs.isOver('svc_a', 2, now())).toBe(true);
  });

  it('are forgotten when no token of before can live', () => {
    epochs.note('svc_a', 2);
    clock.advance(REMEMBER_MS + 1);
    epochs.note('svc_b', 2);
    expect(epochs.isOver('svc_a', 1, now())).toBe(false);
  });

  it('refuse too much when there are too many, never too little', () => {
    const before = now();
    epochs.note('svc_a', 2, 2);
    clock.advance(5_000);
    epochs.note('svc_b', 2, 2);
    epochs.note('svc_c', 2, 2);
    expect(epochs.isOver('svc_a', 1, before)).toBe(true);
    expect(epochs.isOver('svc_z', 1, before)).toBe(true);
    expect(epochs.isOver('svc_z', 1, now())).toBe(false);
  });
});

import { ManualClock } from '../clock/clock.js';
import { Briefly } from './briefly.js';

function counted(clock = new ManualClock()) {
  let runs = 0;
  let end: (() => void) | undefined;
  const briefly = new Briefly(clock, 1_000, async () => {
    runs += 1;
    const mine = runs;
    await new Promise<void>((resolve) => (end = resolve));
    return mine;
  });
  return { clock, briefly, end: () => end?.(), runs: () => runs };
}

describe('Briefly', () => {
  it('lets a thousand askers share one run', async () => {
    const { briefly, end, runs } = counted();
    const asked = Array.from({ length: 1_000 }, () => briefly.get());
    end();
    expect(new Set(await Promise.all(asked))).toEqual(new Set([1]));
    expect(runs()).toBe(1);
  });

  it('keeps the result as long as told, counted from its end', async () => {
    const { briefly, end, runs, clock } = counted();
    const first = briefly.get();
    clock.advance(5_000);
    end();
    await first;
    clock.advance(999);
    await expect(briefly.get()).resolves.toBe(1);
    clock.advance(1);
    const next = briefly.get();
    end();
    await expect(next).resolves.toBe(2);
    expect(runs()).toBe(2);
  });

  it('asks again when the clock was set back', async () => {
    const { briefly, end, clock } = counted();
    const first = briefly.get();
    end();
    await first;
    clock.advance(-3_600_000);
    const next = briefly.get();
    end();
    await expect(next).resolves.toBe(2);
  });

  it('forgets a failure like a result', async () => {
    const clock = new ManualClock();
    let fails = true;
    const briefly = new Briefly(clock, 1_000, async () => {
      if (fails) throw new Error('away');
      return 'here';
    });
    await expect(briefly.get()).rejects.toThrow('away');
    fails = false;
    clock.advance(1_000);
    await expect(briefly.get()).resolves.toBe('here');
  });
});

import fc from '../../../../test/support/properties.js';
import { movedWindow, perDayAllowance, type Period, windowAt } from './windows.js';

const HOUR = 3_600_000;
const at = (iso: string) => Date.parse(iso);
const shown = (period: Period, zone: string, iso: string) => {
  const { start, end } = windowAt(period, zone, at(iso));
  return [new Date(start).toISOString(), end === null ? null : new Date(end).toISOString()];
};
const hours = (zone: string, iso: string) => {
  const { start, end } = windowAt('day', zone, at(iso));
  return (end! - start) / HOUR;
};

describe('windows of quotas (S1-43, C4)', () => {
  it.each<[Period, string, string, string | null]>([
    ['hour', 'UTC', '2026-11-22T13:00:00.000Z', '2026-11-22T14:00:00.000Z'],
    ['hour', 'Asia/Kolkata', '2026-11-22T12:30:00.000Z', '2026-11-22T13:30:00.000Z'],
    ['day', 'UTC', '2026-11-22T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['day', 'Asia/Tokyo', '2026-11-21T15:00:00.000Z', '2026-11-22T15:00:00.000Z'],
    ['day', 'America/New_York', '2026-11-22T05:00:00.000Z', '2026-11-23T05:00:00.000Z'],
    ['week', 'UTC', '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['month', 'Europe/Berlin', '2026-10-31T23:00:00.000Z', '2026-11-30T23:00:00.000Z'],
    ['year', 'UTC', '2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['forever', 'Asia/Tokyo', '1970-01-01T00:00:00.000Z', null],
    ['day', 'Not/AZone', '2026-11-22T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
  ])('a %s in %s', (period, zone, start, end) => {
    const inside = period === 'hour' && zone === 'UTC' ? '2026-11-22T13:59:59.999Z' : '2026-11-22T13:15:00Z';
    expect(shown(period, zone, inside)).toEqual([start, end]);
  });

  it('has days of 23 and 25 hours, and of 24 around them', () => {
    expect([
      hours('Europe/Berlin', '2026-03-28T12:00Z'),
      hours('Europe/Berlin', '2026-03-29T12:00Z'),
    ]).toEqual([24, 23]);
    expect([
      hours('Europe/Berlin', '2026-10-25T12:00Z'),
      hours('Europe/Berlin', '2026-10-26T12:00Z'),
    ]).toEqual([25, 24]);
    expect(hours('Australia/Lord_Howe', '2026-04-05T00:00Z')).toBe(24.5);
  });

  it('begins a day without midnight at its first instant, and ends it at midnight', () => {
    // Cairo sets its clocks from 00:00 to 01:00.
    expect(shown('day', 'Africa/Cairo', '2026-04-24T10:00Z')).toEqual([
      '2026-04-23T22:00:00.000Z',
      '2026-04-24T21:00:00.000Z',
    ]);
  });

  it('begins a day with two midnights at the first: the second gives no new quota', () => {
    // Havana sets its clocks from 01:00 back to 00:00.
    const day = ['2026-11-01T04:00:00.000Z', '2026-11-02T05:00:00.000Z'];
    expect(shown('day', 'America/Havana', '2026-11-01T04:30Z')).toEqual(day);
    expect(shown('day', 'America/Havana', '2026-11-01T05:30Z')).toEqual(day);
  });

  it('leaves no instant out and has none twice', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/Havana',
      'Africa/Cairo',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
    ];
    const period = fc.constantFrom<Period>('day', 'week', 'month', 'year');
    const instant = fc.integer({ min: at('2024-01-01T00:00Z'), max: at('2031-01-01T00:00Z') });
    fc.assert(
      fc.property(period, fc.constantFrom(...zones), instant, (of, zone, now) => {
        const { start, end } = windowAt(of, zone, now);
        expect(start).toBeLessThanOrEqual(now);
        expect(now).toBeLessThan(end!);
        expect(windowAt(of, zone, start)).toEqual({ start, end });
        expect(windowAt(of, zone, end! - 1)).toEqual({ start, end });
        expect(windowAt(of, zone, end!).start).toBe(end);
        expect(windowAt(of, zone, start - 1).end).toBe(start);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a time zone that changes', () => {
  const now = at('2026-11-22T10:00Z');
  const utc = windowAt('day', 'UTC', now);
  const tokyo = windowAt('day', 'Asia/Tokyo', now);

  it('keeps the window that is open, and ends it at the new midnight', () => {
    const moved = movedWindow('day', 'Asia/Tokyo', { window: utc, zone: 'UTC', movedAt: 0 }, now);
    expect(moved).toEqual({ start: utc.start, end: tokyo.end });
  });

  it('begins with the new day where none is open', () => {
    const over = windowAt('day', 'UTC', now - 30 * HOUR);
    expect(movedWindow('day', 'Asia/Tokyo', { window: over, zone: 'UTC', movedAt: 0 }, now)).toEqual(tokyo);
  });

  it('cannot be changed again and again to be given a new day each hour', () => {
    let [instant, window, zone, movedAt, windows] = [now, utc, 'UTC', 0, 1];
    const zones = Array.from({ length: 24 }, (_, i) => `Etc/GMT${i < 12 ? '+' : '-'}${i < 12 ? i : i - 11}`);
    for (const step of Array.from({ length: 3 * 24 }, (_, i) => i)) {
      instant += HOUR;
      // Whichever zone ends its day next.
      const next = zones.find((one) => windowAt('day', one, instant).end === instant + HOUR)!;
      const was = window;
      window = { ...movedWindow('day', next, { window, zone, movedAt }, instant) };
      if (was.end! <= instant) windows += 1;
      [zone, movedAt] = [next, instant];
      expect([step, window.end! > instant]).toEqual([step, true]);
    }
    // 72 changes in three days: the first came early, and then the days are as long as days.
    expect(windows).toBeLessThanOrEqual(5);
  });
});

describe('what an offline day gives (C44)', () => {
  it.each<[Period, number | null, number | null]>([
    ['day', 10, 10],
    ['day', null, null],
    ['hour', 10, 240],
    ['week', 70, 10],
    ['week', 6, 0],
    ['month', 310, 10],
    ['year', 3_660, 10],
    ['forever', 1_000, 0],
  ])('of a %s of %s: %s', (period, limit, allowance) => {
    expect(perDayAllowance({ period, limit, billed: false })).toBe(allowance);
  });
});

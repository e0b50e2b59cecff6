import type { SeatRecord } from './seat-log.js';

/** How many seats a pool had, from one moment on. */
export interface CapChange {
  pool: number;
  /** From when it may hold, and from when nothing before it does, ms. */
  from: number;
  sure: number;
  /** null: unlimited. */
  cap: number | null;
  isOfPeople: boolean;
}

/** A time in which Redis had lost the seats: who was put back counts, also if its expiry had passed, until `to`. */
export interface Loss {
  from: number;
  to: number;
}

interface Stay {
  from: number;
  to: number;
  /** When its seat was told for the first time. */
  since: number;
}

interface Seat {
  pool: number;
  device: string;
  person: string;
  stays: Stay[];
  /** When its client stopped counting on it; Infinity: never. */
  leaving: number;
  /** When somebody was told that it is over; Infinity: never. */
  left: number;
}

/** What the clients were told, against what must never happen. Each fault is a sentence. */
export function reckon(
  records: readonly SeatRecord[],
  caps: readonly CapChange[],
  losses: readonly Loss[],
): string[] {
  const seats = new Map<string, Seat>();
  for (const record of records) {
    const seat = seats.get(record.seat) ?? {
      pool: record.pool,
      device: '',
      person: '',
      stays: [],
      leaving: Infinity,
      left: Infinity,
    };
    seats.set(record.seat, seat);
    if (record.kind === 'held') {
      seat.device = record.device;
      seat.person = record.person;
      seat.stays.push({ from: record.at, to: record.expiry, since: record.at });
    } else if (record.kind === 'leaving') seat.leaving = Math.min(seat.leaving, record.from);
    else if (record.kind === 'left') seat.left = Math.min(seat.left, record.to);
  }
  return [
    ...revived(records, seats),
    ...lostInTime(records, seats, new Set(caps.filter((one) => one.cap === null).map((one) => one.pool))),
    ...shortened(records, seats),
    ...overLimit(seats, caps, losses),
  ];
}

/** What is over never comes back. */
function revived(records: readonly SeatRecord[], seats: ReadonlyMap<string, Seat>): string[] {
  return records.flatMap((record) => {
    if (record.kind !== 'held') return [];
    const { left } = seats.get(record.seat)!;
    return record.from > left
      ? [`seat ${record.seat} was over at ${left} and is held again at ${record.at}`]
      : [];
  });
}

/** Who was told an expiry is not told before it that the seat is somebody else's. */
function lostInTime(
  records: readonly SeatRecord[],
  seats: ReadonlyMap<string, Seat>,
  unlimited: ReadonlySet<number>,
): string[] {
  return records.flatMap((record) => {
    if (record.kind !== 'lost') return [];
    // Without a limit nobody waits after a loss: a device may have been given another seat before its own came back.
    if (record.why === 'gone' && unlimited.has(record.pool)) return [];
    const { stays, leaving } = seats.get(record.seat)!;
    const promised = stays.some((stay) => stay.from < record.from && record.to < stay.to);
    return promised && record.to < leaving
      ? [`pool ${record.pool}: seat ${record.seat} was lost (${record.why}) at ${record.to}, before its time`]
      : [];
  });
}

/** What was told stays: whoever asks after hearing it hears nothing shorter. */
function shortened(records: readonly SeatRecord[], seats: ReadonlyMap<string, Seat>): string[] {
  const held = records.filter((one) => one.kind === 'held');
  return [...Map.groupBy(held, (one) => one.seat)].flatMap(([id, told]) => {
    const { leaving } = seats.get(id)!;
    const asked = told.filter((one) => one.to < leaving).sort((a, b) => a.from - b.from);
    const heard = [...asked].sort((a, b) => a.to - b.to);
    let longest = 0;
    let next = 0;
    return asked.flatMap((one) => {
      for (; next < heard.length && heard[next]!.to < one.from; next++)
        longest = Math.max(longest, heard[next]!.expiry);
      return longest > one.at && one.expiry < longest
        ? [`seat ${id} was held until ${longest} and then until ${one.expiry}`]
        : [];
    });
  });
}

/** At no grant are there more holders than the pool has seats. A holder is whoever was told an expiry still ahead. */
function overLimit(
  seats: ReadonlyMap<string, Seat>,
  caps: readonly CapChange[],
  losses: readonly Loss[],
): string[] {
  const faults: string[] = [];
  for (const [pool, changes] of Map.groupBy(caps, (one) => one.pool)) {
    // Who counts as one: a person with all devices, or a device; both, while nobody knows which holds.
    const mine = [...seats.values()].filter((seat) => seat.pool === pool);
    for (const isOfPeople of new Set(changes.map((one) => one.isOfPeople))) {
      const holders = Map.groupBy(mine, (seat) => (isOfPeople ? seat.person : seat.device));
      const stays = [...holders.values()].flatMap((group) => merged(group));
      const turns = stays.flatMap(({ from, to, since }) => [
        { at: from, by: 1, since },
        { at: to, by: -1, since },
      ]);
      turns.sort((a, b) => a.at - b.at || a.by - b.by);
      const holding: number[] = [];
      for (const { at, by, since } of turns) {
        if (by < 0) holding.splice(holding.indexOf(since), 1);
        else {
          holding.push(since);
          // Whoever is new must find a place now; whoever returns had one, as had those who hold by now.
          const oldest = since === at ? at : Math.min(...holding);
          // Who was above a limit that was lowered may come back after a loss, lapsed or not: nobody knows.
          const loss = losses.find((one) => one.from <= at && at <= one.to);
          const allowed = Math.max(
            allowedAt(changes, oldest, at, isOfPeople),
            loss ? stays.filter((one) => one.from <= loss.from && loss.from < one.to).length : 0,
          );
          if (holding.length > allowed)
            faults.push(`pool ${pool}: ${holding.length} hold at ${at}, of ${allowed}`);
        }
      }
    }
  }
  return faults;
}

/**
 * The most that any policy allowed which may have held then. Who was told before the limit was lowered may come back
 * above it: a seat is not taken away, and after a loss nobody knows whether it lapsed meanwhile.
 */
function allowedAt(changes: readonly CapChange[], since: number, at: number, isOfPeople: boolean): number {
  let allowed = 0;
  for (const [i, change] of changes.entries()) {
    const until = changes[i + 1]?.sure ?? Infinity;
    if (change.from > at || until < since) continue;
    if (change.isOfPeople !== isOfPeople) return Infinity;
    allowed = Math.max(allowed, change.cap ?? Infinity);
  }
  return allowed;
}

/** Stays of one holder, cut where it left, those that meet as one. */
function merged(group: readonly Seat[]): Stay[] {
  const all = group.flatMap(({ stays, leaving }) => {
    const since = Math.min(...stays.map((one) => one.from));
    return stays
      .map(({ from, to }) => ({ from, to: Math.min(to, leaving), since }))
      .filter((one) => one.from < one.to);
  });
  const out: Stay[] = [];
  for (const stay of all.sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last && stay.from <= last.to) last.to = Math.max(last.to, stay.to);
    else out.push({ ...stay });
  }
  return out;
}

/** How many pools have been full at some moment: in the others nothing was at stake. */
export function pressed(records: readonly SeatRecord[]): number {
  return new Set(records.filter((one) => one.kind === 'lost').map((one) => one.pool)).size;
}

// The clients of the ordeal of seats: a process of its own with the product's seats in it, which may be killed at any moment.
import { DomainError } from '#platform';
import { EndSeats, type SeatGrant, SeatProcess } from '#licensing/testing';
import { generatorOf } from './seat-generator.js';
import { SeatLog } from './seat-log.js';
import type { SeatOrders } from './seat-ordeal.js';

/** Programs that run side by side on one connection. */
const PROGRAMS = 4;
const CONNECTIONS = 2;
const DEVICES = 3;

interface Known {
  /** Until when it is held, as far as its program heard. */
  expiry?: number;
  pool: number;
  grant: SeatGrant;
  person: string;
}

const orders = JSON.parse(process.argv[2] ?? '') as SeatOrders;
const random = generatorOf(orders.seed);
const log = new SeatLog(orders.log);
const now = () => Date.now();
let done = 0;
let isOver = false;
/** Seats of all programs of this process and some of others: anybody may beat them. */
const known: Known[] = [];
const over: Known[] = [];
/** Of programs that were closed with the lid: they beat again when their seat has lapsed. */
const asleep: Known[] = [];

const parts = { database: orders.database, redisUrl: orders.redisUrl, times: orders.times };
const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => SeatProcess.open(parts)));

async function acquire(seats: SeatProcess): Promise<void> {
  const pool = random(orders.pools.length);
  const place = orders.pools[pool]!;
  const at = random(DEVICES);
  const device = `${orders.name}${random(PROGRAMS)}${at}`.padStart(32, '0');
  // A device belongs to one person.
  const person = `usr_${`${orders.name}${at % 2}`.padStart(26, '0')}`;
  const from = now();
  const { held, grant } = await seats.take(place, device, place.isOfPeople ? person : null);
  told({ pool, grant, person: place.isOfPeople ? person : device }, held, from);
  if (held.entryId) {
    const one = { pool, grant, person: place.isOfPeople ? person : device };
    known.push(one);
    if (random(20) === 0) process.send?.(one);
  }
}

function told(one: Known, held: { expiresAt: Date; at: Date }, from: number): void {
  const { pool, grant, person } = one;
  one.expiry = held.expiresAt.getTime();
  log.write({
    kind: 'held',
    pool,
    seat: grant.seatId,
    device: grant.device,
    person,
    from,
    to: now(),
    at: held.at.getTime(),
    expiry: held.expiresAt.getTime(),
  });
}

async function beat(seats: SeatProcess, one: Known): Promise<void> {
  const from = now();
  const lost = (why: 'full' | 'gone') => {
    log.write({ kind: 'lost', pool: one.pool, seat: one.grant.seatId, why, from, to: now() });
    forget(one);
  };
  try {
    const kept = await seats.keep(one.grant);
    if ('held' in kept) told(one, kept.held, from);
    else if ('gone' in kept) lost('gone');
  } catch (error) {
    if (error instanceof DomainError && error.code === 'SEATS_EXHAUSTED') lost('full');
    else throw error;
  }
}

async function leave(seats: SeatProcess, one: Known): Promise<void> {
  const { pool, grant } = one;
  forget(one);
  over.push(one);
  if (over.length > 100) over.shift();
  log.write({ kind: 'leaving', pool, seat: grant.seatId, from: now() });
  const isOver = random(5) > 0 ? seats.giveBack(grant).then(() => true) : free(seats, grant);
  if (!(await isOver)) return;
  log.write({ kind: 'left', pool, seat: grant.seatId, to: now() });
}

/** As those may who may free seats; one that is not held is left as it is. */
function free(seats: SeatProcess, grant: SeatGrant): Promise<boolean> {
  const by = { type: 'user', id: null, reason: null, traceId: '', address: null };
  return seats.get(EndSeats).one(grant, { seat: grant.seatId, user: '' }, by);
}

function forget(one: Known): void {
  const at = known.indexOf(one);
  if (at >= 0) known.splice(at, 1);
}

async function step(seats: SeatProcess): Promise<void> {
  const kind = random(100);
  const mine = known[random(known.length || 1)];
  if (kind < 22 || !mine) return acquire(seats);
  if (kind < 88) return beat(seats, mine);
  if (kind < 97) return leave(seats, mine);
  const gone = over[random(over.length || 1)];
  if (kind === 97 && gone) return beat(seats, gone);
  forget(mine);
  // A client that is lost, for good or for a while.
  if (kind === 98 && asleep.length < 100) asleep.push(mine);
  const late = asleep.findIndex((one) => (one.expiry ?? 0) < now());
  if (late >= 0) await wake(seats, asleep.splice(late, 1)[0]!);
}

async function wake(seats: SeatProcess, one: Known): Promise<void> {
  known.push(one);
  await beat(seats, one);
}

async function program(seats: SeatProcess): Promise<void> {
  while (!isOver) {
    try {
      await step(seats);
    } catch (error) {
      // Full, closed, away: the program goes on. Whatever else it is must be seen.
      if (!(error instanceof DomainError)) process.send?.({ fault: String((error as Error).stack ?? error) });
    }
    done += 1;
  }
}

process.on('message', (message: Known | 'stop') => {
  if (message === 'stop') isOver = true;
  else if (known.length < 400) known.push(message);
});
const progress = setInterval(() => process.send?.({ done }), 100);
process.send?.({ ready: true });
await Promise.all(connections.flatMap((one) => Array.from({ length: PROGRAMS }, () => program(one))));
clearInterval(progress);
log.flush();
await Promise.all(connections.map((one) => one.close()));
process.send?.({ done, ended: true });
process.exit();

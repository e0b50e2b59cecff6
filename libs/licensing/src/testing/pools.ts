import type { RedisClients } from '#platform';
import { SeatPool } from '../seats/seat-pool.js';
import { SeatScripts } from '../seats/seat-scripts.js';
import { SeatTimes } from '../seats/seat-times.js';

/** Pools over connections of the test's own, by the times of the product. */
export const seatPoolOver = (clients: Pick<RedisClients, 'for'>): SeatPool =>
  new SeatPool(new SeatScripts(clients as RedisClients), new SeatTimes());

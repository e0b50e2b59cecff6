/** For tests, drills and benchmarks that look at seats from within: the product never imports it. */
export { ledgerKey, SHARDS } from '../seats/pool-keys.js';
export type { SeatGrant } from '../seats/session-id.js';
export { EndSeats } from '../use-cases/end-seats.js';
export { seatPoolOver } from './pools.js';
export { SeatProcess } from './seat-process.js';

// The worker of the ordeal of seats: the watch over the shards and the drain, as the product's worker runs them.
import { SeatProcess } from '#licensing/testing';
import type { SeatOrders } from './seat-ordeal.js';

const orders = JSON.parse(process.argv[2] ?? '') as SeatOrders;
const seats = await SeatProcess.open({
  database: orders.database,
  redisUrl: orders.redisUrl,
  times: orders.times,
});
const { watch, drain } = seats.worker();
await watch.onApplicationBootstrap();
drain.onApplicationBootstrap();
process.send?.({ ready: true });
process.on('message', () => {
  void Promise.all([watch.beforeApplicationShutdown(), drain.beforeApplicationShutdown()])
    .then(() => seats.close())
    .then(() => process.exit());
});

import { randomInt } from 'node:crypto';

/** Hostile input as the tests send it, but another each time, and three times as much. */
process.env.FC_SEED ??= String(Date.now() % 2 ** 31);
process.env.FC_RUNS ??= '40';
/** What else the drills share with the tests. */
process.env.GATEHOUSE_SEED ??= String(randomInt(1, 1 << 30));

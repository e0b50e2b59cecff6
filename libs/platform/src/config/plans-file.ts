import { z } from 'zod';
import { setting } from './config.js';

/** One file, two readers: licensing takes what a plan gives, billing what it costs. */
export const PLANS_FILE = setting(
  'PLANS_FILE',
  z.string().min(1).default('plans.yaml'),
  'The catalogue of plans and prices: a path. Read at start by what sells, and by `gatehouse-admin migrate up`, `plans` and `catalog`.',
);

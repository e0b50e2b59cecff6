import { endure } from '../support/billing-ordeal.js';
import { reckon } from '../support/billing-reckoning.js';
import { BillingStage, say } from '../support/billing-stage.js';
import { someSeed } from '../support/seeds.js';

/** `npm run drill -- billing-events` does the same with two thousand events, twenty times. */
const EVENTS = 45;
const TENANTS = 3;
const PATIENCE_MS = 300_000;

describe('events of Stripe, each five times, shuffled, over eight connections (S2-32, S2-43)', () => {
  let stage: BillingStage;

  beforeAll(async () => {
    stage = await BillingStage.start();
  }, PATIENCE_MS);
  afterAll(() => stage?.stop(), PATIENCE_MS);

  it(
    'come to what they come to in order, and what follows follows once',
    async () => {
      const seed = someSeed();
      const endured = await endure(stage, { seed, events: EVENTS, tenants: TENANTS, waves: 3, laggards: 1 });
      const { faults, ...figures } = await reckon(stage, endured);
      say(`${endured.events} events, seed ${seed}: ${JSON.stringify(figures)}`);
      expect({ seed, faults, refused: endured.wire.refused }).toEqual({ seed, faults: [], refused: [] });
      expect(endured.events).toBeGreaterThanOrEqual(EVENTS);
      expect(Math.min(figures.notices, figures.changes, figures.licenceChanges)).toBeGreaterThanOrEqual(
        2 * TENANTS,
      );
    },
    PATIENCE_MS,
  );
});

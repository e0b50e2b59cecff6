import { testBus, type TestBus } from '../support/bus.js';
import { endure } from '../support/bus-ordeal.js';
import { say } from '../support/billing-stage.js';
import { reckon, repeatedAttempts } from '../support/bus-reckoning.js';

/** The ordeal of test/journeys/event-bus-ordeal.spec.ts, ten times as long. */
describe('the event bus under fifty kill -9 and a FLUSHALL', () => {
  let bus: TestBus;

  beforeAll(async () => {
    bus = await testBus();
  });
  afterAll(() => bus.close());

  it('loses nothing and does nothing twice', async () => {
    const kills = 50;
    const recorded = await endure(bus, { eventsPerRound: 150, kills, flushAfter: 25 });

    const {
      'probe.count-things': counted,
      'probe.hear-of-things': heard,
      'probe.announce-things': announced,
    } = await reckon(bus);
    const repeated = await repeatedAttempts(bus);
    say(
      `${recorded} events recorded, ${kills} kills, Redis emptied once; run ${counted!.runs}, followed ${heard!.runs},` +
        ` announced ${announced!.runs} times; ${repeated} attempts beyond the first`,
    );
    expect(counted).toEqual({ runs: recorded, events: recorded });
    expect(heard).toEqual({ runs: recorded, events: recorded });
    expect(announced!.events).toBe(recorded);
    expect(repeated).toBeGreaterThanOrEqual(kills);
    expect((await bus.deadLetters.list({}, 10)).data).toEqual([]);
  });
});

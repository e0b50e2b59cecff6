import { testBus, type TestBus } from '../support/bus.js';
import { endure } from '../support/bus-ordeal.js';
import { reckon, repeatedAttempts } from '../support/bus-reckoning.js';

describe('the event bus under kill -9 and FLUSHALL', () => {
  let bus: TestBus;

  beforeAll(async () => {
    bus = await testBus();
  });
  afterAll(() => bus.close());

  it('loses nothing and does nothing twice while workers die five times and Redis is emptied', async () => {
    const recorded = await endure(bus, { eventsPerRound: 150, kills: 5, flushAfter: 3 });

    const {
      'probe.count-things': counted,
      'probe.hear-of-things': heard,
      'probe.announce-things': announced,
    } = await reckon(bus);
    expect(recorded).toBe(750);
    expect(counted).toEqual({ runs: recorded, events: recorded });
    // The events that those handlers recorded themselves.
    expect(heard).toEqual({ runs: recorded, events: recorded });
    // What leaves the process cannot be taken back: at least once, under the same key.
    expect(announced!.events).toBe(recorded);
    // Else no kill hit a handler, and this test has proved nothing.
    expect(await repeatedAttempts(bus)).toBeGreaterThanOrEqual(5);
    expect((await bus.deadLetters.list({}, 10)).data).toEqual([]);
  });
});

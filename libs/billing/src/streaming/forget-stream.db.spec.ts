import { type DeliveredEvent, newId } from '#platform';
import { type BillingRoom, billingRoom } from '../../../../test/support/billing-room.js';
import { ApplyEvents } from '../applying/apply-events.js';
import type { NoticeRaised } from '../events/index.js';
import { TellStream } from '../handlers/tell-stream.js';
import { ForgetStream } from './forget-stream.js';

const HOUR = 3_600_000;

describe('how long the billing stream is kept (S2-33)', () => {
  let world: BillingRoom;
  beforeAll(async () => {
    world = await billingRoom(ApplyEvents, {
      BILLING_STREAM_KEEP_EVENTS: '3',
      BILLING_STREAM_KEEP_HOURS: '2',
    });
  });
  afterAll(() => world?.close());

  const tell = (tenantId: string) =>
    world.app.get(TellStream, { strict: false }).handle({
      ...{ id: newId('evt'), name: 'billing.notice.raised', version: 1, tenantId, traceId: 'trace' },
      payload: {
        ...{ kind: 'subscribed', key: 'k', plan: 'TEAM', planName: 'Team', amountDue: null, currency: null },
        ...{ trialEnd: null, endsAt: null, restrictsAt: null, suspendsAt: null },
        ...{ access: 'full', amount: null, reason: null, respondBy: null },
      },
    } as unknown as DeliveredEvent<typeof NoticeRaised>);
  const positions = async (tenantId: string) => {
    const rows = await world.system.query<{ position: string }>(
      'select position from billing.stream_events where tenant_id = $1 order by position',
      [tenantId],
    );
    return rows.map((one) => Number(one.position));
  };

  it('is the newest so many of each organisation, and no longer than so many hours', async () => {
    const [busy, calm] = [await world.tenant(), await world.tenant()];
    await tell(calm);
    for (let n = 0; n < 5; n++) await tell(busy);
    expect(await positions(busy)).toEqual([3, 4, 5]);
    expect(await positions(calm)).toEqual([1]);

    const forgetting = world.app.get(ForgetStream, { strict: false });
    world.clock.advance(1.9 * HOUR);
    await tell(calm);
    await forgetting.turn();
    expect(await positions(busy)).toEqual([3, 4, 5]);
    world.clock.advance(0.2 * HOUR);
    await forgetting.turn();
    expect([await positions(busy), await positions(calm)]).toEqual([[], [2]]);
  });
});

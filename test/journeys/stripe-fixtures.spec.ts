import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { billingWorld } from '../support/billing.js';
import { complaintOf } from '../support/product.js';

const FIXTURES = 'test/fixtures/stripe';
/** Snapshot and thin event of the same, one more, and what is told by a thin event alone. A runbook sends all that there are. */
const KINDS = ['invoice.paid', 'v1.invoice.paid', 'invoice.sent', 'v1.billing.meter.no_meter_found'];
/** Thin events are signed with a secret of their own, as Stripe signs those of a destination. */
const world = billingWorld({ STRIPE_THIN_WEBHOOK_SECRET: `whsec_${randomBytes(24).toString('hex')}` });

let place: string;
beforeAll(() => void (place = mkdtempSync(join(tmpdir(), 'gatehouse-fixtures-'))));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const replay = (...more: string[]) =>
  world.product.admin('stripe', 'replay', '--at', world.product.api.url, '--reason', 'a test', ...more);

/** Some of them in a folder of their own. */
function some(...names: string[]): string {
  const folder = mkdtempSync(join(place, 'some-'));
  for (const name of names)
    writeFileSync(join(folder, `${name}.json`), readFileSync(join(FIXTURES, `${name}.json`)));
  return folder;
}

describe('gatehouse-admin stripe lint (S2-34)', () => {
  it('names file and place of what is wrong, and fails', async () => {
    const folder = some('invoice.paid', 'customer.updated');
    const file = join(folder, 'invoice.paid.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"livemode": false', '"livemode": true'));
    const told = await complaintOf(world.product.admin('stripe', 'lint', folder));
    expect(told).toMatch(/invoice\.paid\.json: data\.object\S*livemode: must be false/);
    expect(told).toContain('1 complaint about 1 of 2 fixtures.');
    expect(await complaintOf(world.product.admin('stripe', 'lint', join(folder, 'none.json')))).toContain(
      'cannot be read',
    );
  });
});

describe('gatehouse-admin stripe replay --fixtures (S2-34)', () => {
  it('has the intake take them, snapshot and thin, and the worker decide about each', async () => {
    const told = await replay('--fixtures', some(...KINDS));
    expect(told).toContain('4 of 4 were taken.');
    expect(told).not.toMatch(/^\d+ (wait for a worker|dead)/m);
    const [stored] = await world.product.query<{ n: number; open: number }>(
      `select count(*)::int as n, count(*) filter (where status in ('received', 'dead'))::int as open
       from billing.stripe_events where trace_id is not null`,
    );
    expect(stored).toMatchObject({ open: 0 });
    expect(stored!.n).toBeGreaterThanOrEqual(KINDS.length);
    const log = await world.product.query(
      `select details from billing.operator_log where action = 'STRIPE_FIXTURES_SENT'`,
    );
    expect(log).toMatchObject([{ details: { count: KINDS.length } }]);
  });

  it('has a customer looked at whom the events are about', async () => {
    const owner = await world.subscriber();
    const { id } = await owner.customer();
    const told = await replay('--fixtures', some('invoice.paid', 'customer.updated'), '--customer', id);
    expect(told).toContain('2 applied');
  });

  it('takes them for new ones each time, unless their ids are kept', async () => {
    const folder = some('invoice.sent');
    const stored = async () =>
      (await world.product.query(`select 1 from billing.stripe_events where type = 'invoice.sent'`)).length;
    const before = await stored();
    await replay('--fixtures', folder);
    await replay('--fixtures', folder);
    expect(await stored()).toBe(before + 2);
    await replay('--fixtures', folder, '--keep-ids');
    await replay('--fixtures', folder, '--keep-ids');
    expect(await stored()).toBe(before + 3);
  });

  it('sends nothing that the linter complains of, and nothing in a dry run', async () => {
    const folder = some('invoice.paid');
    const file = join(folder, 'invoice.paid.json');
    const before = await world.product.query('select id from billing.stripe_events');
    expect(await replay('--fixtures', folder, '--dry-run')).toContain('1 would be sent.');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"invoice.paid"', '"invoice.teleported"'));
    expect(await complaintOf(replay('--fixtures', folder))).toContain('1 complaint about 1 of 1 fixtures.');
    expect(await world.product.query('select id from billing.stripe_events')).toHaveLength(before.length);
  });

  it('goes nowhere but to this machine or BASE_URL, and says when nobody answers', async () => {
    const folder = some('invoice.paid');
    for (const at of ['https://evil.example', 'http://127.0.0.1:1/x', 'nonsense']) {
      const told = await complaintOf(
        world.product.admin('stripe', 'replay', '--fixtures', folder, '--at', at, '--reason', 'a test'),
      );
      expect(told).toContain('must be an origin of this machine');
    }
    const silent = ['--fixtures', folder, '--at', 'http://127.0.0.1:2', '--reason', 'a test'];
    expect(await complaintOf(world.product.admin('stripe', 'replay', ...silent))).toContain(
      'Nobody answers: ',
    );
  });

  it('is not for a selection of what came at the same time', async () => {
    const told = await complaintOf(replay('--fixtures', some('invoice.paid'), '--dead'));
    expect(told).toMatch(/cannot be used with/);
  });
});

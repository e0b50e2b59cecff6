import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { envValues } from '../../apps/cli/wizard/env-text.js';
import { fault } from '../support/billing-changes.js';
import { billingWorld } from '../support/billing.js';
import { complaintOf } from '../support/product.js';

const world = billingWorld();

let place: string;
beforeAll(() => void (place = mkdtempSync(join(tmpdir(), 'gatehouse-setup-'))));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const SECRET = () => join(place, 'whsec');
const THIN_SECRET = () => join(place, 'thin.whsec');

const setup = (...more: string[]) =>
  world.product.admin('stripe', 'setup', '--reason', 'a new installation', ...more);
/** What was asked of Stripe since then that changes something. */
const changes = (heard: ReturnType<typeof world.stripe.hear>) =>
  heard().filter((one) => one.method !== 'GET');

describe('gatehouse-admin stripe setup (S2-30)', () => {
  it('makes nothing whose secret has nowhere to go, and names all that is missing', async () => {
    const from = world.stripe.hear();
    const told = await complaintOf(setup('--yes'));
    expect(told).toContain('--env or --secret-to says where');
    expect(told).toContain('--env or --thin-secret-to says where');
    expect(await complaintOf(setup('--yes', '--secret-to', SECRET()))).toContain(
      'Nothing sends thin events to ',
    );
    // Whose secret could not be kept is not made.
    const nowhere = ['--secret-to', '/no/such/place/whsec', '--thin-secret-to', THIN_SECRET()];
    expect(await complaintOf(setup('--yes', ...nowhere))).toContain('/no/such/place/whsec cannot be written');
    const same = ['--secret-to', SECRET(), '--thin-secret-to', SECRET()];
    expect(await complaintOf(setup('--yes', ...same))).toContain('Two secrets need two files');
    expect(changes(from)).toEqual([]);
  });

  it('makes endpoint and destination, keeps each secret in a file of its own, and says what is sold by which price', async () => {
    const told = await setup('--yes', '--secret-to', SECRET(), '--thin-secret-to', THIN_SECRET());
    expect(told).toMatch(/^we_\w+ sends events to \S+\/api\/v1\/billing\/webhooks\/stripe\.$/m);
    expect(told).toMatch(/^ed_\w+ sends thin events to /m);
    expect(told).toMatch(/keep it as STRIPE_WEBHOOK_SECRET, or set STRIPE_WEBHOOK_SECRET_FILE\.$/m);
    expect(told).toMatch(/keep it as STRIPE_THIN_WEBHOOK_SECRET, or set STRIPE_THIN_WEBHOOK_SECRET_FILE\.$/m);
    const secrets = [SECRET(), THIN_SECRET()].map((file) => readFileSync(file, 'utf8').trim());
    expect(new Set(secrets).size).toBe(2);
    for (const [at, file] of [SECRET(), THIN_SECRET()].entries()) {
      expect(secrets[at]).toMatch(/^whsec_\w+$/);
      expect(told).not.toContain(secrets[at]);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    const { data } = await world.stripe.stripe.prices.list({ lookup_keys: ['gatehouse_team_month'] });
    expect(told).toContain(`gatehouse_team gatehouse_team_month ${data[0]!.id}`);
    expect(await world.product.admin('catalog', 'prices')).toContain(`gatehouse_team_month ${data[0]!.id}`);
  });

  it('finds both again, and changes nothing', async () => {
    const from = world.stripe.hear();
    const told = await setup('--yes');
    expect(told).toMatch(/^we_\w+ sends events to .*; its secret was told when it was made\.$/m);
    expect(told).toMatch(/^ed_\w+ sends thin events to .*; its secret was told when it was made\.$/m);
    expect(told).toContain('Products, prices and meters are as the file says.');
    expect(changes(from)).toEqual([]);
  });

  it('asks again for what nobody heard of, and gets that one with its secret', async () => {
    const before = await world.product.admin('stripe', 'webhooks', 'list');
    const file = join(place, 'again.whsec');
    fault(world.stripe, {
      ...{ kind: 'close_after_apply', times: 2 },
      match: { method: 'POST', path: '/v1/webhook_endpoints' },
    });
    const add = ['stripe', 'webhooks', 'add', '--reason', 'a new secret', '--secret-to', file];
    expect(await complaintOf(world.product.admin(...add))).toContain('Payments cannot be reached');
    const unheard = await complaintOf(setup('--yes'));
    expect(unheard).toContain('Nobody heard whether Stripe made what sends events to ');
    const told = await setup('--yes', '--secret-to', file);
    expect(readFileSync(file, 'utf8')).toMatch(/^whsec_\w+\n$/);
    const [id] = /we_\w+(?= sends events)/.exec(told)!;
    const after = await world.product.admin('stripe', 'webhooks', 'list');
    const fresh = after.split('\n').filter((line) => !before.includes(line));
    expect(fresh.map((line) => line.split(' ')[0])).toEqual([id]);
    await world.product.admin('stripe', 'webhooks', 'remove', id!, '--reason', 'one is enough');
  });

  it('mends a destination that tells too little or nothing, once', async () => {
    const { eventDestinations } = world.stripe.stripe.v2.core;
    const found = (await eventDestinations.list()).data.find((one) => one.name === 'Gatehouse')!;
    await eventDestinations.update(found.id, { enabled_events: ['v1.billing.meter.no_meter_found'] });
    await eventDestinations.disable(found.id);
    expect(await setup()).toContain('Left as it is; --yes changes it.');
    const told = await setup('--yes');
    expect(told).toContain('+ v1.billing.meter.error_report_triggered');
    expect(told).toContain('~ is disabled');
    expect(told).toContain(`${found.id} tells all that now.`);
    const from = world.stripe.hear();
    expect(await setup('--yes')).not.toContain('tells all that now');
    expect(changes(from)).toEqual([]);
    expect(await world.product.admin('stripe', 'webhooks', 'list')).toMatch(
      /^ed_\w+ enabled since \S+, thin events$/m,
    );
  });

  it('keeps the secrets in the file of settings, and believes those before them beside', async () => {
    const { webhookEndpoints, v2 } = world.stripe.stripe;
    for (const { id } of (await webhookEndpoints.list()).data) await webhookEndpoints.del(id);
    for (const { id } of (await v2.core.eventDestinations.list()).data)
      await v2.core.eventDestinations.del(id);
    const env = join(place, 'gatehouse.env');
    const first = readFileSync(SECRET(), 'utf8').trim();

    const from = world.stripe.hear();
    writeFileSync(env, 'STRIPE_THIN_WEBHOOK_SECRET_FILE=/run/secrets/thin\n');
    expect(await complaintOf(setup('--yes', '--env', env))).toContain('STRIPE_THIN_WEBHOOK_SECRET_FILE');
    expect(await complaintOf(setup('--yes', '--env', join(place, 'none')))).toContain('cannot be read');
    expect(changes(from)).toEqual([]);

    writeFileSync(env, `# Ours.\nPORT=3000\nSTRIPE_WEBHOOK_SECRET=${first}\n`, { mode: 0o600 });
    const told = await setup('--yes', '--env', env);
    const text = readFileSync(env, 'utf8');
    const settings = envValues(text);
    expect(text).toMatch(/^# Ours\.\nPORT=3000\n/);
    expect(settings.get('STRIPE_WEBHOOK_SECRET_PREVIOUS')).toBe(first);
    for (const name of ['STRIPE_WEBHOOK_SECRET', 'STRIPE_THIN_WEBHOOK_SECRET']) {
      expect(settings.get(name)).toMatch(/^whsec_\w+$/);
      expect(told).not.toContain(settings.get(name));
      expect(told).toContain(`Its signing secret is ${name} in ${env}`);
    }
    expect(settings.get('STRIPE_WEBHOOK_SECRET')).not.toBe(first);
    expect(told).toContain('as STRIPE_WEBHOOK_SECRET_PREVIOUS: take it out');
    expect(settings.has('STRIPE_THIN_WEBHOOK_SECRET_PREVIOUS')).toBe(false);
    expect(statSync(env).mode & 0o777).toBe(0o600);
  });
});

import { readFileSync } from 'node:fs';
import { licensingWorld, type LicensingWorld } from '../../../../test/support/licensing.js';
import { ApplyPlans } from '../use-cases/apply-plans.js';
import { ChangePolicyInput, CreatePolicyInput, ManagePolicies } from '../use-cases/manage-policies.js';
import { ManageProducts } from '../use-cases/manage-products.js';
import { parseCatalogue } from './catalogue-file.js';

const code = (code: string) => expect.objectContaining({ code });

describe('the catalogue', () => {
  let world: LicensingWorld;
  beforeAll(async () => {
    world = await licensingWorld();
  });
  afterAll(() => world?.close());

  const get = <T>(type: new (...args: never[]) => T): T => world.app.get(type, { strict: false });
  const file = () => parseCatalogue(readFileSync('plans.yaml', 'utf8'));
  const apply = (catalogue = file(), options = {}) =>
    get(ApplyPlans).execute(world.operator, catalogue, options);
  const last = async () => (await get(ApplyPlans).history(world.operator, 1))[0]!;

  it('follows the file of plans: a dry run tells the same and changes nothing, the same file again neither', async () => {
    const wanted = file();
    wanted.plans.TEAM.terms.seats = 7;
    wanted.flags.beta = ['beta:use'];
    const changes = [
      { what: 'plan TEAM', change: 'changed' },
      { what: 'flags', change: 'changed' },
    ];
    const { revision } = await last();
    expect(await apply(wanted, { dryRun: true })).toEqual(changes);
    expect(await last()).toMatchObject({ revision });
    expect(await apply(wanted)).toEqual(changes);
    expect(await last()).toMatchObject({
      revision: revision + 1,
      operator: 'ops',
      reason: 'because of a ticket',
      changes: ['plan TEAM changed', 'flags changed'],
    });
    expect(await apply(wanted)).toEqual([]);
    expect((await last()).revision).toBe(revision + 1);
    await apply();
  });

  it('is brought to the file once by many that apply it at once (each said that it had added the plans)', async () => {
    const wanted = file();
    wanted.plans.PRO.terms.seats = 2;
    const { revision } = await last();
    const said = await Promise.all(Array.from({ length: 4 }, () => apply(wanted)));
    expect(said.flat()).toEqual([{ what: 'plan PRO', change: 'changed' }]);
    expect((await last()).revision).toBe(revision + 1);
    await apply();
  });

  it('keeps a plan that the file no longer names: licences stand on it', async () => {
    const { TEAM, ...plans } = file().plans;
    expect(await apply({ ...file(), plans } as ReturnType<typeof file>)).toEqual([
      { what: 'plan TEAM', change: 'kept' },
    ]);
    expect(TEAM.terms.seats).toBe(5);
  });

  it('raises its revision with every product and policy, and says who did it and why', async () => {
    const { revision } = await last();
    const product = await get(ManageProducts).create(world.operator, {
      code: 'desk',
      name: 'Desk',
      brand: 'DESK',
    });
    await get(ManageProducts).change(world.operator, { product: 'desk', brand: null });
    const policy = await get(ManagePolicies).create(
      world.operator,
      CreatePolicyInput.parse({
        product: 'desk',
        code: 'site',
        name: 'Site',
        plan: 'starter',
        terms: { seats: 3, queue: true },
      }),
    );
    expect(policy).toMatchObject({ tier: 'PRO', product: 'desk' });
    const changed = await get(ManagePolicies).change(
      world.operator,
      ChangePolicyInput.parse({
        policy: 'desk/site',
        terms: { seats: null },
        unset: ['queue'],
        name: 'Sites',
      }),
    );
    expect(changed).toMatchObject({ name: 'Sites', tier: 'PRO', terms: { seats: null } });
    expect(changed.terms).not.toHaveProperty('queue');

    const log = (await get(ApplyPlans).history(world.operator, 4)).map((one) => [
      one.revision - revision,
      one.changes[0],
    ]);
    expect(log).toEqual([
      [4, 'policy desk/site changed'],
      [3, 'policy desk/site added'],
      [2, 'product desk changed'],
      [1, 'product desk added'],
    ]);
    expect(await get(ManageProducts).show(world.operator, product.id)).toMatchObject({ brand: null });
    expect((await get(ManagePolicies).list(world.operator, 'desk')).map((one) => one.id)).toEqual([
      policy.id,
    ]);
  });

  it('refuses what is there or is not, and then has no new revision', async () => {
    const { revision } = await last();
    const products = get(ManageProducts);
    await expect(
      products.create(world.operator, { code: 'gatehouse', name: 'X', brand: null }),
    ).rejects.toThrow(code('CODE_TAKEN'));
    await expect(products.change(world.operator, { product: 'none', name: 'X' })).rejects.toThrow(
      'No such product.',
    );
    const policy = { product: 'gatehouse', code: 'x', name: 'X', plan: 'GOLD', terms: {} };
    const policies = get(ManagePolicies);
    await expect(policies.create(world.operator, policy)).rejects.toThrow('No such plan.');
    await expect(
      policies.change(world.operator, ChangePolicyInput.parse({ policy: 'gatehouse/none', name: 'X' })),
    ).rejects.toThrow('No such policy.');
    expect((await last()).revision).toBe(revision);
    expect(() => ChangePolicyInput.parse({ policy: 'gatehouse/x' })).toThrow('say what to change');
    const { owner } = await world.tenant();
    await expect(products.list(owner)).rejects.toThrow(code('MISSING_SCOPE'));
  });

  it('has a revision for each of many changes at once', async () => {
    const { revision } = await last();
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        get(ManageProducts).create(world.operator, { code: `many-${index}`, name: 'X', brand: null }),
      ),
    );
    expect((await last()).revision).toBe(revision + 10);
  });
});

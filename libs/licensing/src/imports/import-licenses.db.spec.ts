import { Readable } from 'node:stream';
import { newId } from '#platform';
import { formatLicenseKey } from '#sdk/formats';
import { licensingWorld, type LicensingWorld } from '../../../../test/support/licensing.js';
import { FindLicenses } from '../use-cases/find-licenses.js';
import { ImportLicenses, ImportLicensesInput } from '../use-cases/import-licenses.js';

type Options = Parameters<typeof ImportLicensesInput.parse>[0] & object;

describe('the import of licences', () => {
  let world: LicensingWorld;
  beforeAll(async () => {
    world = await licensingWorld();
  });
  afterAll(() => world?.close());

  const get = <T>(type: new (...args: never[]) => T): T => world.app.get(type, { strict: false });
  const run = (lines: string[], options: Options = {}, onProgress?: (done: number, total: number) => void) =>
    get(ImportLicenses).execute(
      world.operator,
      Readable.from([lines.join('\n')]),
      ImportLicensesInput.parse({ batch: 'licenses.csv', ...options }),
      onProgress,
    );
  const rowsOf = async (tenantId: string) =>
    (await get(FindLicenses).page(world.operator, { tenantId, limit: 1_000 })).data.slice(1);
  const outcomes = ({ lines }: Awaited<ReturnType<typeof run>>) =>
    lines.map(({ line, outcome }) => [line, outcome]);

  it('makes licences of its lines, of every column', async () => {
    const { id } = await world.tenant();
    const key = formatLicenseKey({ brand: 'OLD', type: 'TEAM', hash12: '0123456789AB' });
    const report = await run([
      '\uFEFFtenant_id,plan,policy,key,name,seats,expires_at,metadata.order,metadata.contact',
      `${id},starter,,,,,,,`,
      `${id},TEAM,,${key.toLowerCase()},"Build, servers",12,2030-01-31,4711,"ada@acme.example"`,
      `${id},ENTERPRISE,, acme-0abcdefghz19 ,,unlimited,never,,`,
      '',
    ]);
    expect(report.faults).toEqual([]);
    expect(outcomes(report)).toEqual([
      [2, 'issued'],
      [3, 'issued'],
      [4, 'issued'],
    ]);
    const rows = await rowsOf(id);
    expect(rows).toMatchObject([
      { tier: 'PRO', name: null, metadata: {}, expiresAt: null },
      {
        tier: 'TEAM',
        name: 'Build, servers',
        metadata: { order: '4711', contact: 'ada@acme.example' },
        expiresAt: new Date('2030-01-31T00:00:00Z'),
        terms: { seats: 12 },
      },
      { tier: 'ENTERPRISE', keyMasked: 'ACME-************', terms: { seats: null } },
    ]);
    for (const [index, one] of report.lines.entries())
      expect((await get(FindLicenses).one(world.operator, one.key)).id).toBe(rows[index]!.id);
  });

  it('makes nothing twice: the same file again finds every key there, made ones too, and equal lines are several', async () => {
    const { id } = await world.tenant();
    const lines = ['tenant_id,plan,name', `${id},PRO,same`, `${id},PRO,same`, `${id},TEAM,other`];
    const first = await run(lines);
    expect(new Set(first.lines.map(({ key }) => key)).size).toBe(3);
    const again = await run([...lines, `${id},PRO,new`]);
    expect(outcomes(again)).toEqual([
      [2, 'there already'],
      [3, 'there already'],
      [4, 'there already'],
      [5, 'issued'],
    ]);
    expect(again.lines.slice(0, 3).map(({ key }) => key)).toEqual(first.lines.map(({ key }) => key));
    expect(await rowsOf(id)).toHaveLength(4);
    await run(lines, { batch: 'another.csv' });
    expect(await rowsOf(id)).toHaveLength(7);
  });

  it('lists every fault with its line and column, and writes nothing', async () => {
    const [{ id }, other] = [await world.tenant(), await world.tenant()];
    const key = formatLicenseKey({ brand: 'OLD', type: 'PRO', hash12: 'ABCDEF012345' });
    const lines = [
      'tenant_id,plan,policy,key,name,seats,expires_at,metadata.order',
      `${id},PRO,,,fine,,,`,
      `acme,PRO,,,,,,`,
      `${id},,,,,-1,tomorrow,`,
      `${id},GOLD,,,,,,`,
      `${id},,desk/none,,,,,`,
      `${newId('ten')},PRO,,,,,,`,
      `${id},PRO,,${key.slice(0, -1)}Z,,,,`,
      `${id},PRO,,${key},,,,`,
      `${id},PRO,,${key},,,,`,
      `${id},PRO,,${other.key},,,,`,
      `${id},PRO`,
      `${id},PRO,,,${'x'.repeat(121)},,,`,
      `${id},PRO,,,un"quoted,,,`,
      `${id},PRO,,,"never closed,,,`,
    ];
    const report = await run(lines);
    expect(report.lines).toEqual([]);
    expect(report.faults.map(({ line, column, message }) => `${line} ${column}: ${message}`)).toEqual([
      expect.stringContaining('3 tenant_id: must be an id that begins with ten_'),
      expect.stringContaining('4 seats: must be a number up to 1000000, or unlimited'),
      expect.stringContaining('4 expires_at: must be a date'),
      '5 plan: there is no such plan',
      '6 policy: there is no such policy',
      '7 tenant_id: there is no such tenant',
      '8 key: must be a licence key, without a mistake',
      '10 key: is the key of line 9 as well',
      '11 key: is the key of another tenant’s licence',
      '12 null: has more or fewer fields than the first line',
      expect.stringContaining('13 name: '),
      expect.stringContaining('14 null: has a quote in the middle of a field'),
      expect.stringContaining('15 null: a quote is opened and never closed'),
    ]);
    expect(await rowsOf(id)).toEqual([]);

    const sound = await run(lines, { skipFaulty: true });
    expect(outcomes(sound)).toEqual([
      [2, 'issued'],
      [9, 'issued'],
    ]);
    expect(sound.faults).toHaveLength(13);
    expect(await rowsOf(id)).toHaveLength(2);
  });

  it.each([
    ['tenant_id,plan,seat', 'there is no column "seat"'],
    ['tenant_id,plan,plan', 'the column plan is there twice'],
    ['plan,key', 'the column tenant_id is missing'],
    ['tenant_id,key', 'a column plan or policy is missing'],
  ])('refuses the columns %s', async (header, message) => {
    const { id } = await world.tenant();
    const report = await run([header, `${id},PRO,`], { skipFaulty: true });
    expect(report.faults).toMatchObject([{ line: 1, message: expect.stringContaining(message) }]);
    expect(report.lines).toEqual([]);
  });

  it('holds no more than a line of its file: a quote that is never closed does not swallow the rest', async () => {
    const { id } = await world.tenant();
    const rest = Array.from({ length: 2_000 }, () => `${id},PRO,more`);
    const report = await run(['tenant_id,plan,name', `${id},PRO,"open`, ...rest]);
    expect(report.lines).toEqual([]);
    expect(report.faults[0]!.message).toContain('is longer than');
  });

  it('tries without writing', async () => {
    const { id } = await world.tenant();
    const report = await run(['tenant_id,plan', `${id},PRO`], { dryRun: true });
    expect(outcomes(report)).toEqual([[2, 'would be issued']]);
    expect(await rowsOf(id)).toEqual([]);
    expect(await world.told(id)).toHaveLength(1);
  });

  it('writes whole batches of one tenant: an interruption leaves those, and the same again makes the rest', async () => {
    const [one, two] = [await world.tenant(), await world.tenant()];
    const lines = ['tenant_id,plan'];
    for (let i = 0; i < 250; i++) lines.push(`${one.id},PRO`, `${two.id},TEAM`);
    const seen: [number, number][] = [];
    const stopped = run(lines, {}, (done, total) => {
      seen.push([done, total]);
      if (done > 300) throw new Error('the operator pressed Ctrl-C');
    });
    await expect(stopped).rejects.toThrow('Ctrl-C');
    expect(seen).toEqual([
      [200, 500],
      [250, 500],
      [450, 500],
    ]);
    expect([(await rowsOf(one.id)).length, (await rowsOf(two.id)).length]).toEqual([250, 200]);
    const report = await run(lines);
    expect(report.lines.filter(({ outcome }) => outcome === 'issued')).toHaveLength(50);
    expect((await rowsOf(two.id)).length).toBe(250);
  });

  it('is for operators', async () => {
    const { owner } = await world.tenant();
    const input = ImportLicensesInput.parse({ batch: 'x' });
    await expect(get(ImportLicenses).execute(owner, Readable.from(['']), input)).rejects.toMatchObject({
      code: 'MISSING_SCOPE',
    });
  });
});

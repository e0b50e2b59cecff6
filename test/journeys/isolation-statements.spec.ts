import type pg from 'pg';
import { newId, type OpenApiDocument } from '#platform';
import { EXCEPTIONS } from '../architecture/schema-rules.js';
import { journeyProduct } from '../support/journey.js';
import { operationsOf } from '../support/openapi-fuzz-schema.js';
import { succeed } from '../support/person.js';
import { type StatementTap, type TappedStatement, tapStatements } from '../support/statement-tap.js';
import { connected, tablesOf } from '../support/tables.js';
import { dayOf, readAll } from '../support/tenant-day.js';
import { HASTY, livelyTenant, type LivelyTenant, settled } from '../support/tenant-life.js';
import { digestOf } from '../support/tenant-rows.js';

const PATIENCE_MS = 300_000;

/** `where t.tenant_id = $1`, as people and TypeORM write it, behind the first where. */
const FILTER = /((?:"?\w+"?\.)*"?tenant_id"?)\s*(?:=\s*\$(\d+)|in\s*\(\s*\$(\d+)\s*\))/gi;
/** Ids of ours, by which rows are known to be somebody's. */
const ID = /\b[a-z]{2,6}_[0-7][0-9a-hjkmnp-tv-z]{25}\b/g;

/** The statement without the application's own filter; null where it has none. What it was given stays given. */
function unfiltered(text: string): string | null {
  const at = text.search(/\bwhere\b/i);
  if (at < 0) return null;
  const behind = text
    .slice(at)
    .replace(FILTER, (_, _column, n?: string, m?: string) => `($${n ?? m}::text is null or true)`);
  return behind === text.slice(at) ? null : text.slice(0, at) + behind;
}

const product = journeyProduct(HASTY);
let tap: StatementTap;
let victim: LivelyTenant;
let admin: pg.Client;
/** What API and worker really ask of tenants' tables, each once, without the application's filter. */
let asked: TappedStatement[];
/** Ids that stand in the victim's rows. */
let theirs: Set<string>;
let before: string[];
/** Routes that read, of the API's own document. */
let read: number;

beforeAll(async () => {
  tap = await tapStatements(product.database.url);
  await Promise.all([product.api.stop(), product.worker.stop()]);
  const by = { DATABASE_URL: tap.url };
  product.api = await product.startApi(by);
  product.v1 = `${product.api.url}/api/v1`;
  const worker = await product.startWorker(by);
  admin = await connected(product.database.superuserUrl);
  victim = await livelyTenant(product, 'zebra');
  await live(victim);
  await settled(product, victim.owner.tenant.id);
  // From here on nothing changes by itself.
  await Promise.all([product.api.stop(), worker.stop()]);
  asked = await ofTenants(tap.statements);
  theirs = await idsOf(victim.owner.tenant.id);
  before = await digestOf(product, victim.owner.tenant.id);
}, PATIENCE_MS);

afterAll(async () => {
  await admin?.end();
  await tap?.close();
}, PATIENCE_MS);

/** What people and programs of an organisation do in a day, and then all that there is to read. */
async function live(lively: LivelyTenant): Promise<void> {
  const owner = await dayOf(product, lively);
  const document = await succeed<OpenApiDocument>(`${product.v1}/openapi.json`);
  // The licence's, the account's and the newest export's: those of another organisation would be refused.
  const ids = [
    owner.license.id,
    ...(await idsOf(owner.tenant.id, ['identity.service_accounts', 'tenancy.exports'])),
  ];
  read = await readAll(product, operationsOf(document), owner.access_token, ids);
}

async function ofTenants(statements: readonly TappedStatement[]): Promise<TappedStatement[]> {
  const tables = (await tablesOf(admin)).map(({ name }) => name).filter((name) => !EXCEPTIONS[name]);
  const touches = (text: string) => {
    const plain = text.replaceAll('"', '');
    return tables.some((name) => plain.includes(name));
  };
  const distinct = new Map<string, TappedStatement>();
  for (const { text, values } of statements) {
    const stripped = touches(text) ? unfiltered(text) : null;
    if (!stripped) continue;
    // The last values of each that are about them: of when the organisation had most.
    const isOfTheirs = values.includes(victim.owner.tenant.id);
    if (isOfTheirs || !distinct.has(stripped)) distinct.set(stripped, { text: stripped, values });
  }
  return [...distinct.values()];
}

async function idsOf(tenantId: string, only?: readonly string[]): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const { name, columns } of await tablesOf(admin)) {
    if (!columns.some((column) => column.name === 'tenant_id')) continue;
    if (only && !only.includes(name)) continue;
    const rows = await product.query<{ row: string }>(
      `select t::text as row from ${name} t where tenant_id = $1`,
      [tenantId],
    );
    for (const { row } of rows) for (const id of row.match(ID) ?? []) ids.add(id);
  }
  return ids;
}

interface Outcome {
  rows: unknown[];
  /** Rows that it changed or removed itself. */
  changed: number;
  refused: boolean;
}

/** Runs a statement for good, in the scope of `tenantId`. */
async function run(
  client: pg.Client,
  { text, values }: TappedStatement,
  tenantId: string | null,
): Promise<Outcome> {
  await client.query('begin');
  try {
    if (tenantId !== null) await client.query(`select set_config('app.tenant_id', $1, true)`, [tenantId]);
    const { rows, rowCount, command } = await client.query(text, values);
    await client.query('commit');
    return { rows, changed: ['UPDATE', 'DELETE'].includes(command) ? (rowCount ?? 0) : 0, refused: false };
  } catch {
    await client.query('rollback');
    return { rows: [], changed: 0, refused: true };
  }
}

/** Ids of the victim's that an answer shows and the question did not have. */
function tells({ values }: TappedStatement, { rows }: Outcome): string[] {
  const given = values.map(String).join(' ');
  const shown = JSON.stringify(rows).match(ID) ?? [];
  return [...new Set(shown)].filter((id) => theirs.has(id) && !given.includes(id));
}

describe('the application’s own statements without its own filter (isolation)', () => {
  it(
    'are taken from what API and worker really ask: their filter is gone, and it did filter',
    async () => {
      expect(read).toBeGreaterThanOrEqual(20);
      expect(asked.length).toBeGreaterThan(100);
      expect(asked.filter(({ text }) => text.slice(text.search(/\bwhere\b/i)).match(FILTER))).toEqual([]);
      expect(unfiltered('select 1 from a.b t where t.tenant_id = $1 and x = $2')).toBe(
        'select 1 from a.b t where ($1::text is null or true) and x = $2',
      );
      expect(unfiltered('select 1 from a.b')).toBeNull();
      // Read as one whom no policy binds, they show what is the victim's: else this would prove nothing.
      let telling = 0;
      await admin.query('set default_transaction_read_only = on');
      for (const one of asked) if (tells(one, await run(admin, one, null)).length > 0) telling += 1;
      await admin.query('set default_transaction_read_only = off');
      expect(telling).toBeGreaterThan(10);
    },
    PATIENCE_MS,
  );

  it.each([
    ['in the scope of another organisation', () => newId('ten')],
    ['in no scope, as a connection of the pool leaves it', () => ''],
    ['on a connection that was never told of any', () => null],
  ])(
    'read and change nothing of an organisation %s: row security alone holds',
    async (_, scope) => {
      const faults: string[] = [];
      let answered = 0;
      const app = await connected(product.database.url);
      for (const one of asked) {
        const outcome = await run(app, one, scope());
        if (!outcome.refused) answered += 1;
        const told = tells(one, outcome);
        if (told.length > 0) faults.push(`${one.text} tells ${told.join(', ')}`);
        if (outcome.changed > 0) faults.push(`${one.text} changes ${outcome.changed} rows`);
      }
      await app.end();
      expect(faults).toEqual([]);
      // Else they were not asked, but were no sound statements.
      expect(answered).toBeGreaterThan(asked.length * 0.8);
      expect(await digestOf(product, victim.owner.tenant.id)).toEqual(before);
    },
    PATIENCE_MS,
  );
});

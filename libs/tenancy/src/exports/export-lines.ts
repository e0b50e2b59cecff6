import type { ExportedRecord, SnapshotRead, TenantPeople } from '#platform';

/** What the first line says of the form; it changes when a reader of the old one could not read the new one. */
const FORMAT = 'gatehouse-tenant-export/1';
/** Rows in memory at a time. */
const PAGE = 500;

interface ExportSource {
  tenantId: string;
  records: readonly ExportedRecord[];
  people: TenantPeople;
  /** Of one picture of the database. */
  read: SnapshotRead;
  now: Date;
  /** Told before the first record, and after every page. */
  onProgress(done: number, total: number): Promise<void>;
}

/** The lines of an export, a page in each text: first what it is, then every record of the tenant. */
export async function* exportLines(source: ExportSource): AsyncGenerator<string> {
  const { read, tenantId, now } = source;
  const counts = await countsOf(source);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  await source.onProgress(0, total);
  yield `${JSON.stringify({ kind: 'export', format: FORMAT, tenant_id: tenantId, exported_at: now, counts })}\n`;

  let done = 0;
  for (const lines of [peopleLines(source), ...source.records.map((one) => linesOf(read, tenantId, one))]) {
    for await (const page of lines) {
      yield `${page.join('\n')}\n`;
      done += page.length;
      await source.onProgress(done, total);
    }
  }
}

async function countsOf({ read, tenantId, records }: ExportSource): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const count = async (table: string) => {
    const [row] = await read<{ n: string }>(`select count(*) as n from ${table} where tenant_id = $1`, [
      tenantId,
    ]);
    return Number(row?.n ?? 0);
  };
  counts.person = await count('tenancy.memberships');
  for (const { kind, table } of records) counts[kind] = await count(table);
  return counts;
}

/** Who is a member now. Their rows are in no tenant's table, and as they are at this moment, not in the picture. */
async function* peopleLines({ read, tenantId, people }: ExportSource): AsyncGenerator<string[]> {
  for (let after = ''; ;) {
    const members = await read<{ user_id: string }>(
      `select user_id from tenancy.memberships where tenant_id = $1 and user_id > $2 order by user_id limit $3`,
      [tenantId, after, PAGE],
    );
    const last = members.at(-1);
    if (!last) return;
    const persons = await people.read(members.map((one) => one.user_id));
    yield persons.map((person) => JSON.stringify({ kind: 'person', ...person }));
    after = last.user_id;
  }
}

async function* linesOf(
  read: SnapshotRead,
  tenantId: string,
  record: ExportedRecord,
): AsyncGenerator<string[]> {
  const [first, next] = [statementOf(record, false), statementOf(record, true)];
  for (let after: string[] | null = null; ;) {
    const rows: { line: string; after: string[] }[] = await read(after ? next : first, [
      tenantId,
      PAGE,
      ...(after ?? []),
    ]);
    if (rows.length > 0) yield rows.map((row) => row.line);
    if (rows.length < PAGE || record.key.length === 0) return;
    after = rows.at(-1)!.after;
  }
}

/** A page of lines as Postgres writes them, behind the one before: times keep their microseconds, numbers their digits. */
function statementOf({ table, kind, key, columns }: ExportedRecord, hasBefore: boolean): string {
  const order = key.length > 0 ? `order by ${key.join(', ')}` : '';
  const behind = hasBefore
    ? `and (${key.join(', ')}) > (${key.map((_, at) => `$${at + 3}`).join(', ')})`
    : '';
  return `
    select row_to_json(x)::text as line, array[${key.map((one) => `t.${one}::text`).join(', ')}]::text[] as after
    from (select * from ${table} where tenant_id = $1 ${behind} ${order} limit $2) t
    cross join lateral (select '${kind}' as kind, ${columns.map((one) => `t."${one}"`).join(', ')}) x
    ${key.length > 0 ? `order by ${key.map((one) => `t.${one}`).join(', ')}` : ''}`;
}

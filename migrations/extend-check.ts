import type { QueryRunner } from 'typeorm';

/**
 * Takes `more` into the words that a check of a column lets pass, or `less` out of them, whatever they are by now: the
 * lists grow in several migrations, and none of them may forget what another added.
 */
export async function extendCheck(
  runner: QueryRunner,
  { table, constraint, column }: { table: string; constraint: string; column: string },
  change: { more?: readonly string[]; less?: readonly string[] },
): Promise<void> {
  const rows = (await runner.query(
    `select m[1] as word from pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid), '''([a-z_]+)''', 'g') m
     where k.conrelid = $1::regclass and k.conname = $2`,
    [table, constraint],
  )) as { word: string }[];
  const words = new Set([...rows.map((row) => row.word), ...(change.more ?? [])]);
  for (const word of change.less ?? []) words.delete(word);
  const list = [...words].map((word) => `'${word}'`).join(', ');
  await runner.query(`
    alter table ${table} drop constraint ${constraint};
    alter table ${table} add constraint ${constraint} check (${column} in (${list}));`);
}

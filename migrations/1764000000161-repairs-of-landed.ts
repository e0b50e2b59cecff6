import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What two migrations lack that have landed. 114: rows are locked before they are erased, so that one that is changed
 * meanwhile is found where it is then. 121, in databases that ran it before it was changed: which sign-in and which program a
 * session comes of.
 */
export class RepairsOfLanded1764000000161 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table identity.auth_sessions
        add column if not exists root_id text collate "C",
        add column if not exists for_program boolean not null default false;

      ${lockRows(' limit $2))', ' limit $2 for update))')}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    // 121 takes the columns away, whichever way they came.
    await runner.query(lockRows(' limit $2 for update))', ' limit $2))'));
  }
}

/** One place in the function that erases a tenant's rows; where it is so already, nothing. Fails where it is neither. */
const lockRows = (before: string, after: string) => `
  do $repair$
  declare
    text constant text := pg_get_functiondef('platform.erase_tenant_rows'::regproc);
  begin
    if position('${before}' in text) = 0 and position('${after}' in text) = 0 then
      raise exception 'platform.erase_tenant_rows is not as it landed';
    end if;
    execute replace(text, '${before}', '${after}');
  end $repair$;`;

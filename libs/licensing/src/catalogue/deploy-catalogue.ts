import { readFileSync } from 'node:fs';
import pg from 'pg';
import { configOf, PLANS_FILE } from '#platform';
import { applyCatalogue, type CatalogueChange } from './apply-catalogue.js';
import { parseCatalogue } from './catalogue-file.js';

export class CatalogueConfig extends configOf('catalogue', {
  file: PLANS_FILE,
}) {}

/**
 * Applies the catalogue in `file` as the owner of the schema, with every deployment, after the migrations.
 * `migratorUrl` is the migrator's connection. Throws a sentence when the file is not valid.
 */
export async function deployCatalogue(migratorUrl: string, file: string): Promise<CatalogueChange[]> {
  const catalogue = parseCatalogue(readFileSync(file, 'utf8'));
  const client = new pg.Client({
    connectionString: migratorUrl,
    options: '-c role=gatehouse_owner',
    application_name: 'gatehouse-migrator',
  });
  await client.connect();
  try {
    await client.query('begin');
    const by = { operator: 'gatehouse-admin migrate', reason: 'Deployed.', at: new Date() };
    const changes = await applyCatalogue(client, catalogue, by);
    await client.query('commit');
    return changes;
  } finally {
    await client.end();
  }
}

import { Command } from 'commander';
import { buildOpenApi, printOpenApi } from '#platform';

export function openApiVerb(): Command {
  const openapi = new Command('openapi').description('The API’s own description.');
  openapi
    .command('print')
    .description('Print the OpenAPI document; needs neither settings nor a database.')
    .action(async () => {
      const { ApiModule } = await import('../../api/api.module.js');
      process.stdout.write(printOpenApi(await buildOpenApi(ApiModule)));
    });
  return openapi;
}

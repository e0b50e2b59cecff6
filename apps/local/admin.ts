/** `npm run admin -- …`: gatehouse-admin with the settings of the Gatehouse that `npm start` runs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { environmentFile, program } from './paths.js';
import { Refusal, runVerb } from './refusal.js';

await runVerb(async () => {
  if (!existsSync(environmentFile)) {
    throw new Refusal(
      'Nothing runs from this clone: run npm start in another terminal, wait for its line "Gatehouse is ready", then this again.',
    );
  }
  const settings = JSON.parse(readFileSync(environmentFile, 'utf8')) as NodeJS.ProcessEnv;
  const child = spawn(process.execPath, [program('apps/cli/main.js'), ...process.argv.slice(2)], {
    env: { ...process.env, ...settings },
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
});

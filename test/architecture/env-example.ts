import { BootstrapConfig, type ConfigClass, MigratorConfig, type Setting } from '#platform';
import { CatalogueConfig } from '#licensing';
import { API_CONCERNS } from '../../apps/api/api.module.js';
import { WORKER_CONCERNS } from '../../apps/worker/worker.module.js';

/** Every concern of every process; what the command line needs besides comes last. */
const CONCERNS: readonly ConfigClass[] = [
  ...API_CONCERNS,
  ...WORKER_CONCERNS,
  MigratorConfig,
  BootstrapConfig,
  CatalogueConfig,
];

const HEAD = `
Every setting of Gatehouse. \`npm start\` and \`npm test\` need none of them.
Copy this file to .env, fill in what is needed, and start a process with it: node --env-file=.env dist/apps/api/main.js
A line without # has to be filled in; a line behind # shows what holds when it is not set. Sections name the processes
that read them: give a process no more than it reads.
Every setting may also come from a file: NAME_FILE=/run/secrets/name stands for NAME with the text of that file.
\`gatehouse-admin secrets generate\` prints new values for all secrets; none of them has a default.
Generated from the code: GATEHOUSE_WRITE=1 npm test -- test/architecture/env-example writes it anew.
`.trim();

/** The text of .env.example, and the names that stand in it. */
export function envExample(): { text: string; names: string[] } {
  const names: string[] = [];
  const sections = [comment(HEAD)];
  for (const concern of new Set(CONCERNS)) {
    const fresh = Object.values(concern.settings).filter((one) => !names.includes(one.name));
    if (fresh.length === 0) continue;
    names.push(...fresh.map((one) => one.name));
    sections.push(`# ${concern.concern} (${processesOf(concern)})`, ...fresh.map(entry));
  }
  return { text: `${sections.join('\n\n')}\n`, names };
}

function processesOf(concern: ConfigClass): string {
  const processes = [
    ...(API_CONCERNS.includes(concern as never) ? ['API'] : []),
    ...(WORKER_CONCERNS.includes(concern as never) ? ['worker'] : []),
  ];
  return processes.join(' and ') || 'gatehouse-admin';
}

function entry(one: Setting): string {
  const unset = one.schema.safeParse(undefined);
  const value = unset.success ? printed(unset.data) : '';
  return `${comment(one.doc)}\n${unset.success ? '#' : ''}${one.name}=${value}`;
}

function printed(value: unknown): string {
  if (value === undefined) return '';
  return Array.isArray(value) ? value.join(',') : String(value);
}

const comment = (text: string) => text.replace(/^/gm, '# ');

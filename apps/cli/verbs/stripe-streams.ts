import { realpathSync } from 'node:fs';
import { readNamed, Refused } from '../refused.js';
import { say } from '../say.js';
import { mustBeWritable, writeSecretFile } from '../secret-file.js';
import { envValues, envWith } from '../wizard/env-text.js';

/** A kind of events that Stripe sends us, as an operator hears of it. */
export interface Stream {
  what: string;
  /** Which option of `stripe setup` says where the secret goes. */
  option: string;
  /** What the secret is called among our settings. */
  setting: string;
  /** What makes another one. */
  add: string;
}

export const SNAPSHOTS: Stream = {
  what: 'events',
  option: '--secret-to',
  setting: 'STRIPE_WEBHOOK_SECRET',
  add: 'stripe webhooks add',
};
export const THIN: Stream = {
  what: 'thin events',
  option: '--thin-secret-to',
  setting: 'STRIPE_THIN_WEBHOOK_SECRET',
  add: 'stripe webhooks add --thin',
};

/** Keeps the secret of what was just made in a file of its own, and says where it belongs. */
export function tellSecret(
  { what, setting, add }: Stream,
  { id, secret }: { id: string; secret: string },
  url: string,
  file: string,
): void {
  orNobodyHasIt(id, add, () => writeSecretFile(file, `${secret}\n`));
  say(`${id} sends ${what} to ${url}.`);
  say(`Its signing secret is in ${file}: keep it as ${setting}, or set ${setting}_FILE.`);
}

/** Keeps it in the file of settings: what was there is believed as the one before it. */
export function settleSecret(
  { what, setting, add }: Stream,
  { id, secret }: { id: string; secret: string },
  url: string,
  file: string,
): void {
  const before = orNobodyHasIt(id, add, () => {
    const text = readSettings(file);
    const before = envValues(text).get(setting);
    const settings = new Map([
      ...(before ? [[`${setting}_PREVIOUS`, before] as const] : []),
      [setting, secret],
    ]);
    // Through a link, which stays one.
    writeSecretFile(realpathSync(file), envWith(text, settings), { overwrite: true });
    return before;
  });
  say(`${id} sends ${what} to ${url}.`);
  say(`Its signing secret is ${setting} in ${file}: start the API with it.`);
  if (before)
    say(
      `The one before is believed, too, as ${setting}_PREVIOUS: take it out once nothing is signed with it.`,
    );
}

/** Throws a sentence when a secret of these could not be kept in that file of settings. */
export function mustTakeSecrets(file: string, streams: readonly Stream[]): void {
  const text = readSettings(file);
  mustBeWritable(realpathSync(file));
  const said = envValues(text);
  for (const { setting, option } of streams) {
    // The two cannot be said together.
    const other = [`${setting}_FILE`, `${setting}_PREVIOUS_FILE`].find((name) => said.has(name));
    if (other)
      throw new Refused(
        `${file} says ${other}: ${option} with a file of its own keeps the secret where it is read.`,
      );
    const names = [setting, ...(said.has(setting) ? [`${setting}_PREVIOUS`] : [])];
    envWith(text, new Map(names.map((name) => [name, 'whsec'])));
  }
}

const SETTINGS_MAX = 1_048_576;
const readSettings = (file: string): string => readNamed(file, SETTINGS_MAX);

function orNobodyHasIt<T>(id: string, add: string, keep: () => T): T {
  try {
    return keep();
  } catch (error) {
    // Told once: it is of no use any more, and would be taken for one that somebody has. The last is not taken away.
    say(`Nobody has the secret of ${id}. Make another, then take this one away:`);
    say(`  gatehouse-admin ${add} --secret-to <file> --reason <why>`);
    say(`  gatehouse-admin stripe webhooks remove ${id} --reason <why>`);
    throw error;
  }
}

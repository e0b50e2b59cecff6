import { Command } from 'commander';
import { ReplayFixtures, ReplayFixturesInput } from '#billing';
import { mustBeSound, readFixtures } from '../fixture-files.js';
import { operatorOf, withProduct } from '../operator-context.js';
import { Refused } from '../refused.js';
import { say } from '../say.js';

export interface FixtureOptions {
  fixtures: string;
  at?: string;
  customer?: string;
  keepIds?: boolean;
  dryRun?: boolean;
  reason?: string;
}

export function lintCommand(): Command {
  return new Command('lint')
    .description('Check recorded webhooks: whether they are what Stripe sends, and nobody’s.')
    .argument('<path>', 'a file, or a folder of .json files')
    .action(async (path: string) => {
      const sound = await mustBeSound(readFixtures(path));
      say(`${sound.length === 1 ? '1 fixture' : `${sound.length} fixtures`}, nothing to complain of.`);
    });
}

/** Signs them and posts them to our own intake, then says what a worker made of them. */
export async function replayFixtures(options: FixtureOptions): Promise<void> {
  const { fixtures: path, at: to, customer: customerId, keepIds: keepsIds, dryRun, reason } = options;
  const fixtures = await mustBeSound(readFixtures(path));
  if (dryRun) {
    for (const { file, type } of fixtures) say(`${file} ${type}`);
    return say(`${fixtures.length} would be sent.`);
  }
  const actor = operatorOf({ reason: reason ?? '' });
  const input = ReplayFixturesInput.parse({ to, customerId, keepsIds });
  await withProduct(async (app) => {
    const replay = app.get(ReplayFixtures, { strict: false });
    const taken: string[] = [];
    for await (const { file, id, status, problem } of replay.execute(actor, fixtures, input)) {
      if (status === null)
        throw new Refused(`Nobody answers: ${problem}. ${taken.length} were taken before.`);
      if (status === 200) taken.push(id);
      say(`${status} ${file} ${id}${problem ? ` ${problem}` : ''}`);
    }
    say(`${taken.length} of ${fixtures.length} were taken.`);
    for (const { status: became, failure, count } of await replay.outcomes(actor, taken))
      say(`${count} ${became === 'received' ? 'wait for a worker' : became}${failure ? ` ${failure}` : ''}`);
    if (taken.length < fixtures.length) throw new Refused('The intake has refused some.');
  });
}

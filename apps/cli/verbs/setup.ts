import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { ConfigError, generateSecrets, loadConfig, readEnvironment, type Setting } from '#platform';
import { ask, confirm, isAsking } from '../ask.js';
import { readNamed, Refused } from '../refused.js';
import { say } from '../say.js';
import { writeSecretFile } from '../secret-file.js';
import { answerQuestions, answersOf } from '../wizard/answer-questions.js';
import { envText, envValues } from '../wizard/env-text.js';
import { leaveStripeForLater } from '../wizard/questions.js';

interface WizardOptions {
  to: string;
  answers?: string;
  secrets?: string;
  overwrite?: boolean;
}

const FILE_MAX = 1_048_576;

export function setupVerb(): Command {
  const setup = new Command('setup').description('The settings of an installation.');
  setup
    .command('wizard')
    .description(
      'Ask for what an installation needs, make its secrets, and write both into a file for node --env-file.',
    )
    .requiredOption('--to <file>', 'where; its owner alone reads it')
    .option('--answers <file>', 'take the answers from there, NAME=value, and ask nobody')
    .option('--secrets <file>', 'where the installation has its secrets already: none of them is made anew')
    .option('--overwrite', 'change a file that is there: what it holds is kept unless it is answered anew')
    .action(wizard);
  setup
    .command('check')
    .description('Whether API and worker would start with files of settings; names all that is wrong.')
    .argument('<files...>', 'NAME=value, as for node --env-file; of two that say the same the later counts')
    .action(async (files: string[]) => {
      const values = new Map(files.flatMap((file) => [...envValues(readNamed(file, FILE_MAX))]));
      const faults = await faultsOf(values);
      const named = files.join(' and ');
      if (faults.length > 0) throw new Refused(`${named} cannot be used:\n${listed(faults)}`);
      say(`${named} can be used.`);
    });
  return setup;
}

async function wizard({ to, answers: from, secrets, overwrite }: WizardOptions): Promise<void> {
  const isThere = existsSync(to);
  if (isThere && !overwrite && !(!from && (await confirm(`${to} is there already. Change it?`))))
    throw new Refused(`${to} is there already; --overwrite changes it, and keeps what is not answered anew.`);
  if (!from && !isAsking()) throw new Refused('There is nobody to ask; --answers takes them from a file.');

  const known = isThere ? envValues(readNamed(to, FILE_MAX)) : new Map<string, string>();
  const settings = await settingsByName();
  const answers = from
    ? answersOf(settings, known, envValues(readNamed(from, FILE_MAX)))
    : await answerQuestions(settings, known, ask, say);
  const elsewhere = secrets ? envValues(readNamed(secrets, FILE_MAX)) : new Map<string, string>();
  const has = (name: string) => [known, elsewhere].some((one) => one.has(name) || one.has(`${name}_FILE`));
  const isLater = leaveStripeForLater(answers, has);
  const made = Object.entries(generateSecrets()).filter(([name]) => !has(name));
  // Of an installation that runs: new ones would shadow those it has, and nothing that they sealed could be read again.
  if (isThere && made.length > 0)
    throw new Refused(
      `${to} lacks ${made.map(([name]) => name).join(', ')}; --secrets names the file that has them, gatehouse-admin secrets generate makes them.`,
    );
  const values = new Map([...known, ...answers, ...made]);

  const faults = await faultsOf(new Map([...elsewhere, ...values]));
  if (faults.length > 0) throw new Refused(`Nothing was written:\n${listed(faults)}`);
  writeSecretFile(to, envText(values), { overwrite: isThere });
  say(`${to} holds ${values.size} settings, ${made.length} of them new secrets; nobody but you can read it.`);
  if (isLater)
    say(
      `Nothing is sold yet: gatehouse-admin stripe setup --env ${to} makes the webhook endpoint and keeps its secret; then answer again.`,
    );
}

async function concerns() {
  // Both processes come along with theirs; no other verb waits for that.
  const [{ API_CONCERNS }, { WORKER_CONCERNS }] = await Promise.all([
    import('../../api/api.module.js'),
    import('../../worker/worker.module.js'),
  ]);
  return [...new Set([...API_CONCERNS, ...WORKER_CONCERNS])];
}

async function settingsByName(): Promise<Map<string, Setting>> {
  const all = (await concerns()).flatMap((one) => Object.values(one.settings));
  return new Map(all.map((one) => [one.name, one]));
}

async function faultsOf(values: ReadonlyMap<string, string>): Promise<readonly string[]> {
  try {
    loadConfig(await concerns(), readEnvironment(Object.fromEntries(values)));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

const listed = (faults: readonly string[]) => faults.map((one) => `  - ${one}`).join('\n');

import { parseArgs } from 'node:util';
import { stateDirectory } from '../state/directory.js';
import { StateLocked } from '../state/file-lock.js';
import { activate } from './activate.js';
import { deactivate } from './deactivate.js';
import { EXIT, Refusal } from './exit-codes.js';
import { COMMON, readSaid } from './settings.js';
import { login } from './login.js';
import { logout } from './logout.js';
import { run } from './run.js';
import { status } from './status.js';
import { switchTenant } from './switch.js';
import { say, warn } from './terminal.js';
import type { Verb } from './verb.js';
import { whoami } from './whoami.js';

/** A verb is a file of its own and a line here. */
const VERBS: readonly Verb[] = [login, whoami, switchTenant, logout, activate, status, run, deactivate];

const COMMON_HELP = `Everywhere:
  --url URL           where the server is (GATEHOUSE_URL)
  --allow-http        lets keys and tokens go over bare HTTP to another machine (GATEHOUSE_ALLOW_HTTP=true)
  --anchor KID:X      a key of the issuer, as shipped with the program; may be repeated (GATEHOUSE_ANCHORS, by commas).
                      Without one, the keys of the first contact over https or loopback are trusted and pinned
  --issuer NAME       who must have issued leases (GATEHOUSE_ISSUER)
  --hardware-id ID    what this machine is called to the server (GATEHOUSE_HARDWARE_ID)
  --state-dir PATH    where its state lies (GATEHOUSE_STATE_DIR)

GATEHOUSE_CLOCK_OFFSET_SECONDS fakes the clock, to try what a long outage does; only with a server on this very machine.

Ends with 0; 64 called wrongly; 69 no server and nothing known; 74 a file failed; 77 the licence does
not allow it, or nobody is signed in.`;

/** Runs the program on its arguments and gives the exit code. Never throws. */
export async function gatehouse(
  args: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  try {
    return await dispatch(args, variables);
  } catch (error) {
    if (error instanceof Refusal) {
      warn(error.message);
      return error.exitCode;
    }
    if (error instanceof StateLocked) {
      warn(error.message);
      return EXIT.file;
    }
    warn(`This should not have happened: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT.fault;
  }
}

async function dispatch(
  args: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const [name, ...rest] = args;
  const verb = VERBS.find((one) => one.name === name);
  if (!verb) {
    const isAsked = name === undefined || ['help', '--help', '-h'].includes(name);
    if (!isAsked)
      throw new Refusal(EXIT.usage, `There is no verb ${JSON.stringify(name)}. See: gatehouse help`);
    say(overview());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }

  const { values, positionals, command } = parse(verb, rest);
  if (values['help']) {
    say(`${verb.help}\n\n${COMMON_HELP}`);
    return EXIT.ok;
  }
  const said = readSaid(values, variables);
  const directory = stateDirectory({ directory: said.directory, variables });
  return verb.run({ said, directory, positionals, values, command });
}

function parse(verb: Verb, args: readonly string[]) {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  if (end >= 0 && !verb.takesCommand)
    throw new Refusal(EXIT.usage, `${verb.name} takes no command. See: gatehouse ${verb.name} --help`);
  try {
    const { values, positionals } = parseArgs({
      args: [...own],
      options: { ...COMMON, ...verb.options },
      allowPositionals: verb.maxPositionals > 0,
      strict: true,
    });
    if (positionals.length > verb.maxPositionals) throw new Error('That is one word too many.');
    return { values, positionals, command: end < 0 ? null : args.slice(end + 1) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal(EXIT.usage, `${why} See: gatehouse ${verb.name} --help`);
  }
}

const overview = () =>
  `Signs people in, and runs programs under a licence of Gatehouse.

${VERBS.map((verb) => `  gatehouse ${verb.name.padEnd(12)}${verb.summary}`).join('\n')}

gatehouse VERB --help says more.

${COMMON_HELP}`;

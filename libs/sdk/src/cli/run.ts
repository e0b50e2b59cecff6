import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { LicenseStatus } from '../client/status.js';
import type { LicenseClient } from '../node/license-client.js';
import { codeOf } from '../state/private-file.js';
import { activated } from './activated.js';
import { variables } from './environment.js';
import { EXIT, Refusal } from './exit-codes.js';
import { mustAllow, openLicense, sentenceOf } from './license.js';
import { warn } from './terminal.js';
import type { Verb } from './verb.js';
import { waitOf } from './wait.js';

/** What is passed on to the command. */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
/** What a terminal sends to the command itself. */
const FROM_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT'];

export const run: Verb = {
  name: 'run',
  summary: 'hold a seat while a command runs',
  help: `gatehouse run [--require ENTITLEMENT] [--meter METER] [--wait [--timeout SECONDS]] -- COMMAND [ARGUMENT ...]

  --require NAME    only if the licence grants this
  --meter NAME      count one use of this meter, and run only if there was one left
  --wait            wait for a seat when all are taken; --timeout SECONDS: not longer than that

  The command gets GATEHOUSE_STATE, GATEHOUSE_PLAN and GATEHOUSE_ENTITLEMENTS (by spaces), as they are when it starts.
  Ends as the command did, with 128+n when a signal ended it; with 77 when the licence does not allow it to run, with 69
  when the server cannot be reached and nothing is known of the licence. A server that goes away meanwhile ends nothing.`,
  options: {
    require: { type: 'string' },
    meter: { type: 'string' },
    wait: { type: 'boolean' },
    timeout: { type: 'string' },
  },
  maxPositionals: 0,
  takesCommand: true,
  run: async (call) => {
    const [program, ...args] = call.command ?? [];
    if (program === undefined)
      throw new Refusal(EXIT.usage, 'Say what to run: gatehouse run -- COMMAND [ARGUMENT ...]');
    const { isOffline, ...terms } = await activated(call);
    const client = openLicense(terms, call.said, call.directory);
    const signals = new Signals();
    try {
      const wait = waitOf(call);
      const status = await signals.unless(isOffline ? client.load() : client.start({ wait }));
      if (status === null) return signals.exitCode;
      mustAllow(status);
      await mustSuffice(client, status, call.values['require'], call.values['meter']);
      if (status.state !== 'fresh') warn(sentenceOf(status));
      tell(client);
      return await signals.during(startCommand(program, args, status));
    } finally {
      await client.close();
      signals.forget();
    }
  },
};

async function mustSuffice(client: LicenseClient, status: LicenseStatus, required: unknown, meter: unknown) {
  if (typeof required === 'string' && !client.entitled(required))
    throw new Refusal(EXIT.refused, `The licence does not grant ${required}. ${sentenceOf(status)}`);
  if (typeof meter !== 'string') return;
  const use = await client.use(meter);
  if (use.allowed) return;
  const when = use.resetsAt === null ? '' : ` It begins anew at ${new Date(use.resetsAt).toISOString()}.`;
  throw new Refusal(EXIT.refused, `Nothing is left of ${meter}.${when}`);
}

/** Says what its user should know while the command runs. */
function tell(client: LicenseClient): void {
  let isAway = client.status().trouble?.isUnreachable === true;
  client.on('warning', ({ code, message }) => {
    if (code === 'UNREACHABLE' && !isAway) warn(`${message} The command goes on.`);
    if (code === 'UNREACHABLE') isAway = true;
  });
  client.on('recovered', () => {
    if (isAway) warn('The licence server answers again.');
    isAway = false;
  });
  client.on('seat-lost', () => warn('The seat was taken away. The command goes on.'));
  client.on('state', () => warn(sentenceOf(client.status())));
}

function startCommand(program: string, args: readonly string[], status: LicenseStatus): ChildProcess {
  return spawn(program, args, {
    stdio: 'inherit',
    env: {
      ...variables(),
      GATEHOUSE_STATE: status.state,
      GATEHOUSE_PLAN: status.plan ?? '',
      GATEHOUSE_ENTITLEMENTS: status.entitlements.join(' '),
    },
  });
}

/** Signals that come to us: they end the waiting for a seat, and belong to the command once that runs. */
class Signals {
  exitCode: number = EXIT.ok;
  private child: ChildProcess | null = null;
  private interrupt: () => void = () => undefined;
  private readonly interrupted = new Promise<null>((resolve) => {
    this.interrupt = () => resolve(null);
  });
  private readonly listen = (signal: NodeJS.Signals) => {
    this.exitCode = exitOf(null, signal);
    if (this.child === null) this.interrupt();
    // A terminal has sent it to the command as well; twice would be once too often.
    else if (!(process.stdin.isTTY && FROM_TERMINAL.includes(signal))) this.child.kill(signal);
  };

  constructor() {
    for (const signal of PASSED_ON) process.on(signal, this.listen);
  }

  forget(): void {
    for (const signal of PASSED_ON) process.removeListener(signal, this.listen);
  }

  /** What comes of the work, or null when a signal was first. */
  unless<T>(work: Promise<T>): Promise<T | null> {
    work.catch(() => undefined);
    return Promise.race([work, this.interrupted]);
  }

  /** How the command ended. */
  during(child: ChildProcess): Promise<number> {
    this.child = child;
    return new Promise((resolve, reject) => {
      child.once('error', (error) => {
        const isMissing = codeOf(error) === 'ENOENT';
        const sentence = isMissing
          ? 'The command was not found.'
          : `The command cannot be run: ${error.message}`;
        reject(new Refusal(isMissing ? EXIT.notFound : EXIT.notExecutable, sentence));
      });
      child.once('exit', (code, signal) => resolve(exitOf(code, signal)));
    });
  }
}

const exitOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? EXIT.signal + (signal === null ? 0 : constants.signals[signal]);

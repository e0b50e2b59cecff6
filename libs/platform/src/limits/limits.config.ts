import { Injectable } from '@nestjs/common';
import { configOf, setting, whole } from '../config/config.js';
import { RuntimeConfig } from '../config/runtime.config.js';

/** What ENV=local and test take for every limit that is not set: nobody who tries things out meets it. */
const GENEROUS = 1_000_000;

/** A limit that may be set; {@link amountsIn} says what holds where it is not. */
export const amount = () => whole(1, 1_000_000_000).optional();

/** What the settings' reference says of such a limit. */
export const amountDoc = (what: string, normal: number): string =>
  `${what}; ${normal} unless set (${GENEROUS} with ENV=local and test).`;

/** Gives the limit in force: what is set, else what the environment (`ENV`) stands for. */
export function amountsIn({ env }: RuntimeConfig): (set: number | undefined, normal: number) => number {
  const isGenerous = env === 'local' || env === 'test';
  return (set, normal) => set ?? (isGenerous ? GENEROUS : normal);
}

/** How many calls are let through. Every amount is for one window of LIMIT_WINDOW_SECONDS. */
export class LimitsConfig extends configOf('limits', {
  user: setting('LIMIT_USER', amount(), amountDoc('General calls of one user or service account', 100)),
  address: setting(
    'LIMIT_ADDRESS',
    amount(),
    amountDoc('General calls of one address (IPv6: of one /64)', 1_000),
  ),
  global: setting('LIMIT_GLOBAL', amount(), amountDoc('General calls of everybody together', 10_000)),
  windowSeconds: setting(
    'LIMIT_WINDOW_SECONDS',
    whole(1, 3_600).default(60),
    'The window that all limits count in.',
  ),
  backOffMaxSeconds: setting(
    'LIMIT_BACKOFF_MAX_SECONDS',
    whole(1, 86_400).default(300),
    'The longest wait of a user or an address that keeps calling while refused.',
  ),
  seatCalls: setting(
    'LIMIT_SEAT_CALLS',
    amount(),
    amountDoc('Seat calls on one pool, whatever its size', 600),
  ),
  seatCallsPerSeat: setting(
    'LIMIT_SEAT_CALLS_PER_SEAT',
    amount(),
    amountDoc('What each seat of a pool adds to LIMIT_SEAT_CALLS (a client needs one beat in 150 s)', 6),
  ),
  usageReports: setting('LIMIT_USAGE_REPORTS', amount(), amountDoc('Usage reports for one licence', 6_000)),
  validations: setting('LIMIT_VALIDATIONS', amount(), amountDoc('Validations of one licence', 600)),
  guessesPerAddress: setting(
    'LIMIT_GUESSES_ADDRESS',
    amount(),
    amountDoc('Unknown licence keys, and forged session ids, from one address', 20),
  ),
  guessesGlobal: setting(
    'LIMIT_GUESSES_GLOBAL',
    amount(),
    amountDoc(
      'The same from everybody; once spent, an address that has guessed wrong once is refused, and a licence key is looked up only where it was used before',
      2_000,
    ),
  ),
}) {}

/** The limits in force: what is set, else what the environment (`ENV`) stands for. */
@Injectable()
export class Limits {
  readonly user: number;
  readonly address: number;
  readonly global: number;
  readonly windowSeconds: number;
  readonly backOffMaxSeconds: number;
  readonly seatCalls: number;
  readonly seatCallsPerSeat: number;
  readonly usageReports: number;
  readonly validations: number;
  readonly guessesPerAddress: number;
  readonly guessesGlobal: number;

  constructor(config: LimitsConfig, runtime: RuntimeConfig) {
    const inForce = amountsIn(runtime);
    this.user = inForce(config.user, 100);
    this.address = inForce(config.address, 1_000);
    this.global = inForce(config.global, 10_000);
    this.windowSeconds = config.windowSeconds;
    this.backOffMaxSeconds = config.backOffMaxSeconds;
    this.seatCalls = inForce(config.seatCalls, 600);
    this.seatCallsPerSeat = inForce(config.seatCallsPerSeat, 6);
    this.usageReports = inForce(config.usageReports, 6_000);
    this.validations = inForce(config.validations, 600);
    this.guessesPerAddress = inForce(config.guessesPerAddress, 20);
    this.guessesGlobal = inForce(config.guessesGlobal, 2_000);
  }
}

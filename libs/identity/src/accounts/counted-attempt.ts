import type { LoginOutcome } from '../persistence/login-events.js';
import type { Attempt } from './lockout.js';

/** What a guess was: recorded under this name when it is wrong. */
export type WrongGuess = Extract<LoginOutcome, 'wrong_password' | 'unknown_address' | 'wrong_code'>;

/**
 * A guess that was counted before it was tried. Nothing that can be guessed makes a session without one: only
 * `StartSession.begin` gives them, and it refuses whoever is locked out.
 */
export class CountedAttempt {
  constructor(
    private readonly counted: Attempt,
    private readonly record: (outcome: WrongGuess, userId: string | null) => Promise<void>,
  ) {}

  /** One that was counted, and came out right, before the token was given that is shown now. */
  static before(): CountedAttempt {
    const nothing = () => Promise.resolve();
    return new CountedAttempt({ undo: nothing, succeeded: nothing }, nothing);
  }

  /** Nothing was guessed. */
  undo(): Promise<void> {
    return this.counted.undo();
  }

  /** What the guess came to; when it could not be made, for the queue was full or the database away, it was none. */
  async made<T>(guess: Promise<T>): Promise<T> {
    return guess.catch(async (error: unknown) => {
      await this.undo();
      throw error;
    });
  }

  /** It stays counted, and is recorded. */
  wrong(outcome: WrongGuess, userId: string | null): Promise<void> {
    return this.record(outcome, userId);
  }

  /**
   * The same for whoever only claims the address: right or wrong, it says nothing for its owner, whose guesses it would
   * otherwise forgive and whose networks it would otherwise make known.
   */
  byClaimant(): CountedAttempt {
    const undo = () => this.counted.undo();
    return new CountedAttempt({ undo, succeeded: undo }, this.record);
  }

  succeeded(): Promise<void> {
    return this.counted.succeeded();
  }
}

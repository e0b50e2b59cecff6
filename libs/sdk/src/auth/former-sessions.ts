import type { AccountApi } from '../api/account-api.js';
import type { StoredAuth } from './stored-auth.js';

/** Ends the session that another one has taken the place of, at the server. */
export type Leaving = (before: StoredAuth) => Promise<void>;

/** A challenge is answered within minutes; of so many it is known where they come from. */
const MAX_CHALLENGES = 8;

/**
 * Ends sessions that were left for another one, so that nobody's list fills with sessions that nobody can use. What the
 * server does not answer costs nothing: the session runs out.
 */
export class FormerSessions {
  private readonly challenged = new Map<string, Leaving>();

  constructor(
    private readonly account: AccountApi,
    private readonly session: 'cookie' | undefined,
  ) {}

  /** How the session of now is ended, later. */
  async leaving(): Promise<Leaving> {
    if (this.session !== 'cookie')
      return async ({ refreshToken }) => void (await this.account.logout(refreshToken).catch(() => 0));
    // The cookie is the next session's by then, so this one is known by its name.
    const id = await this.currentId();
    return async () => {
      if (id !== null) await this.account.revokeSession(id).catch(() => undefined);
    };
  }

  /** The next session begins when this challenge is answered. */
  put(mfaToken: string, leaving: Leaving): void {
    this.challenged.set(mfaToken, leaving);
    const [oldest] = this.challenged.keys();
    if (this.challenged.size > MAX_CHALLENGES && oldest !== undefined) this.challenged.delete(oldest);
  }

  /** null: it was nobody's second step, or a sign-in's. */
  take(mfaToken: string): Leaving | null {
    const leaving = this.challenged.get(mfaToken) ?? null;
    this.challenged.delete(mfaToken);
    return leaving;
  }

  private async currentId(): Promise<string | null> {
    try {
      for await (const session of this.account.sessions()) if (session.current) return session.id;
    } catch {
      // Then nobody ends it.
    }
    return null;
  }
}

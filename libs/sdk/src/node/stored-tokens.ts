import { ApiError } from '../api/api-error.js';
import type { SignedIn, Tokens } from '../api/answers.js';
import type { BearerSource } from '../api/gatehouse-api.js';
import type { StoredAuth } from '../state/auth-file.js';
import type { StateFile } from '../state/state-file.js';

/** A token is refreshed this long before it ends, ms: it has to last for the call it is meant for. */
const EARLY_MS = 30_000;

/** What `auth.json` keeps of a sign-in (S1-57). `now`: epoch ms. */
export const storedAuthOf = (signedIn: SignedIn, now: number): StoredAuth => ({
  accessToken: signedIn.accessToken,
  refreshToken: signedIn.refreshToken,
  expiresAt: now + signedIn.expiresInSeconds * 1000,
  user: { email: signedIn.user.email, tenantId: signedIn.tenant.id, plan: signedIn.tenant.plan },
});

/**
 * Bearers from `auth.json`, refreshed before use when they have expired and saved before they are used (S1-58). Programs
 * that share the file refresh one after the other, and the second finds what the first has saved.
 */
export class StoredTokens implements BearerSource {
  constructor(
    private readonly file: StateFile<StoredAuth>,
    private readonly refresh: (refreshToken: string) => Promise<Tokens>,
    private readonly now: () => number,
  ) {}

  async token(): Promise<string | null> {
    const kept = await this.file.read();
    if (!kept) return null;
    if (kept.expiresAt - this.now() > EARLY_MS) return kept.accessToken;
    try {
      return await this.exchange(kept.accessToken);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Refused: nobody is signed in any more. No answer: the call itself will find out.
      return error.status === 401 ? null : kept.accessToken;
    }
  }

  async renew(refused: string): Promise<string | null> {
    try {
      return await this.exchange(refused);
    } catch (error) {
      if (error instanceof ApiError) return null;
      throw error;
    }
  }

  private async exchange(old: string): Promise<string | null> {
    const next = await this.file.update(async (current) => {
      if (current === null || current.accessToken !== old) return current;
      const { accessToken, refreshToken, expiresInSeconds } = await this.refresh(current.refreshToken);
      return { ...current, accessToken, refreshToken, expiresAt: this.now() + expiresInSeconds * 1000 };
    });
    return next?.accessToken ?? null;
  }
}

import { ApiError } from '../api/api-error.js';
import type { SignedIn, Tokens } from '../api/answers.js';
import type { GatehouseApi } from '../api/gatehouse-api.js';
import { aborted } from '../api/refusals.js';
import { pause } from '../api/time-limit.js';
import type { ClientTime } from '../client/platform.js';

/** Between the asking, ms: what was agreed to in a browser is not to be lost for one packet. */
const WAITS_MS = [500, 2_000, 5_000];

/** Asks whose tokens these are; OAuth does not tell. Throws ApiError, and ends their session then. */
export async function ownerOf(
  tokens: Tokens,
  { api, time, signal }: { api: GatehouseApi; time: ClientTime; signal?: AbortSignal },
): Promise<SignedIn> {
  const after = (ms: number, work: () => void) => time.after(ms, work, { keepAlive: true });
  for (const wait of [...WAITS_MS, null]) {
    try {
      const { user, tenant } = await api.me(tokens.accessToken, { signal });
      return { ...tokens, user, tenant };
    } catch (error) {
      if (wait === null || signal?.aborted || !(error instanceof ApiError && error.isUnreachable)) {
        void api.account.logout(tokens.refreshToken).catch(() => undefined);
        throw error;
      }
      await pause(wait, after, signal);
    }
  }
  throw aborted();
}

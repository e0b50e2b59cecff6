import { ApiError } from '../api/api-error.js';
import type { Tokens } from '../api/answers.js';
import type { DeviceCode, OAuthApi } from '../api/oauth-api.js';
import { aborted } from '../api/refusals.js';
import { pause } from '../api/time-limit.js';
import type { ClientTime } from '../client/platform.js';

/** What a person is shown: where to go, and the code they find there or type. */
export type ShownCode = Omit<DeviceCode, 'deviceCode' | 'intervalSeconds'>;

export interface DeviceSignIn {
  /** Shows the person their code. */
  onCode: (code: ShownCode) => void;
  /** What the person is asked to let in, such as `ada's laptop`. */
  deviceName?: string;
  signal?: AbortSignal;
}

/** RFC 8628, 3.5: what slow_down adds to the interval, ms. */
const SLOWER_MS = 5_000;
const MAX_BACK_OFF_MS = 60_000;

/**
 * Tokens for who agrees on another device (RFC 8628). Throws ApiError: `access_denied`, `expired_token`, `ABORTED`. No
 * answer ends nothing before the code has run out.
 */
export async function deviceGrant(
  oauth: OAuthApi,
  time: ClientTime,
  { onCode, deviceName, signal }: DeviceSignIn,
): Promise<Tokens> {
  const { deviceCode, intervalSeconds, ...shown } = await oauth.authorizeDevice({ deviceName }, { signal });
  const over = new AbortController();
  const end = () => over.abort();
  const callOff = time.after(shown.expiresInSeconds * 1000, end, { keepAlive: true });
  signal?.addEventListener('abort', end, { once: true });
  const after = (ms: number, work: () => void) => time.after(ms, work, { keepAlive: true });
  const pace = new Pace(intervalSeconds * 1000);
  try {
    onCode(shown);
    for (;;) {
      await pause(pace.ms, after, over.signal);
      if (signal?.aborted) throw aborted();
      if (over.signal.aborted) throw expired();
      try {
        return await oauth.deviceTokens(deviceCode, { signal });
      } catch (error) {
        if (signal?.aborted || !(error instanceof ApiError) || !pace.goesOn(error)) throw error;
      }
    }
  } finally {
    callOff();
    signal?.removeEventListener('abort', end);
  }
}

/** How long to wait before asking again. */
class Pace {
  private backOff = 0;

  constructor(private interval: number) {}

  get ms(): number {
    return this.interval + this.backOff;
  }

  /** Whether asking again may help after this. */
  goesOn({ code, isUnreachable, retryAfterSeconds }: ApiError): boolean {
    if (code === 'authorization_pending' || code === 'slow_down') {
      this.backOff = 0;
      if (code === 'slow_down') this.interval += SLOWER_MS;
      return true;
    }
    if (!isUnreachable) return false;
    // RFC 8628, 3.5: less and less often while nobody answers.
    const longer = Math.min(Math.max(this.backOff * 2, this.interval), MAX_BACK_OFF_MS);
    this.backOff = Math.max(longer, (retryAfterSeconds ?? 0) * 1000 - this.interval);
    return true;
  }
}

const expired = () =>
  new ApiError({ status: null, code: 'expired_token', message: 'Nobody agreed before the code ran out.' });

import { InvalidDocument } from '../formats/invalid-document.js';
import { ApiError } from './api-error.js';
import { type BillingEvent, readBillingEvent } from './billing-events.js';
import type { Caller } from './caller.js';
import { sentEvents } from './sent-events.js';
import { pause } from './time-limit.js';

export interface WatchOptions {
  /** Id of the last event that was had before; left out: it begins with how things stand. */
  after?: string;
  /** Ends it. */
  signal?: AbortSignal;
  /** A line that says nothing for so long is given up, in ms: three heartbeats of a server with its usual settings. */
  silenceMs?: number;
}

const SILENCE_MS = 45_000;
/** Between two attempts, ms: at first unless the server says otherwise, and at most. */
const RETRY_MS = 2_000;
const RETRY_MAX_MS = 30_000;

/** What the organisation has bought. Owners and billing people only. Every method throws ApiError and nothing else. */
export class BillingApi {
  constructor(private readonly caller: Caller) {}

  /**
   * What changes of subscription and licences, as it changes: first how things stand, and after a broken line what came
   * meanwhile. Goes on until its reader or `signal` ends it; what comes back too often or not at all is waited for. Throws
   * where the caller may not listen (any more).
   */
  async *watch({ after, signal, silenceMs = SILENCE_MS }: WatchOptions = {}): AsyncGenerator<
    BillingEvent,
    void,
    undefined
  > {
    let [last, retryMs, failures] = [after, RETRY_MS, 0];
    while (!signal?.aborted) {
      let asksFor = 0;
      try {
        const { body } = await this.caller.open({
          method: 'GET',
          path: '/api/v1/billing/stream',
          headers: { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) },
          timeoutMs: silenceMs,
          signal,
        });
        for await (const sent of sentEvents(body, (ms) => (retryMs = Math.min(ms, RETRY_MAX_MS)))) {
          const event = readBillingEvent(sent);
          last = sent.id ?? last;
          failures = 0;
          if (event) yield event;
        }
      } catch (error) {
        if (signal?.aborted) return;
        asksFor = waitOf(error);
      }
      // Also after an end in good order: a server that ends every line at once is not asked without pause.
      const wait = Math.min(retryMs * 2 ** failures++, RETRY_MAX_MS);
      await pause(Math.max(wait, asksFor), this.caller.after, signal);
    }
  }
}

/** How long the server asks to be left alone, in ms. Throws what does not pass by itself. */
function waitOf(error: unknown): number {
  if (error instanceof InvalidDocument)
    throw new ApiError({ status: null, code: 'BAD_ANSWER', message: error.message, cause: error });
  if (!(error instanceof ApiError)) throw error;
  const passes =
    error.isUnreachable || error.status === 429 || (error.status !== null && error.status >= 500);
  if (!passes) throw error;
  return (error.retryAfterSeconds ?? 0) * 1_000;
}

import { request as plainly } from 'node:http';
import { request as securely } from 'node:https';

/** Stripe's own patience is not documented; this is long for one machine. */
const PATIENCE_MS = 10_000;

/** Posts JSON; resolves with the status as text, or with why there is none. Never rejects, follows no redirect. */
export function post(url: string, body: string, headers: Record<string, string>): Promise<string> {
  const request = url.startsWith('https:') ? securely : plainly;
  return new Promise((resolve) => {
    const outgoing = request(
      url,
      {
        method: 'POST',
        agent: false,
        timeout: PATIENCE_MS,
        headers: {
          ...headers,
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(body),
        },
      },
      (answer) => {
        answer.resume();
        answer.once('close', () => resolve(String(answer.statusCode)));
      },
    );
    outgoing.once('timeout', () => outgoing.destroy(new Error('it did not answer in time')));
    outgoing.once('error', (error) => resolve(error.message || error.name));
    outgoing.end(body);
  });
}

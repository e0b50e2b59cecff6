import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type OutgoingMail, Mailer, MailRefused, MailUnavailable, wellFormed } from './mailer.js';

export const RESEND_URL = 'https://api.resend.com';

const TOTAL_MS = 15_000;
/** Resend's error body, https://resend.com/docs/api-reference/errors */
const Fault = z.object({ name: z.string().default(''), message: z.string().default('') });

/**
 * Over Resend's HTTP API. A repeated Message-ID within 24 h is sent once, by Resend's Idempotency-Key; Resend may put
 * a Message-ID of its own into what it delivers.
 */
export class ResendMailer extends Mailer {
  private readonly endpoint: URL;

  constructor(
    private readonly apiKey: string,
    private readonly from: string,
    url: string = RESEND_URL,
    private readonly timeoutMs = TOTAL_MS,
  ) {
    super();
    this.endpoint = new URL('emails', url.endsWith('/') ? url : `${url}/`);
  }

  async send(mail: OutgoingMail): Promise<void> {
    const { to, subject, text, html, messageId } = wellFormed(mail);
    const { response, body } = await this.post(messageId, {
      from: this.from,
      to: [to],
      subject,
      text,
      html,
      headers: { 'Message-ID': messageId },
    });
    if (!response.ok) throw explain(response, faultOf(body));
  }

  private async post(messageId: string, mail: object): Promise<{ response: Response; body: string }> {
    try {
      const response = await fetch(this.endpoint, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.apiKey}`,
          'content-type': 'application/json',
          // A digest, because keys are limited to 256 characters.
          'idempotency-key': createHash('sha256').update(messageId).digest('hex'),
        },
        body: JSON.stringify(mail),
        // Following one would hand the mail, and what is secret in it, to another host.
        redirect: 'error',
        signal: AbortSignal.timeout(this.timeoutMs),
      });
      return { response, body: await response.text() };
    } catch (error) {
      throw new MailUnavailable('The mail API did not answer.', { cause: error });
    }
  }
}

/** Statuses that speak about this mail: anything else in the 400s is about our key, our domain, our URL, or our pace. */
const ABOUT_THIS_MAIL = new Set([400, 413, 422, 451]);

function explain(response: Response, fault: z.output<typeof Fault>): Error {
  const said = `${response.status} ${fault.name} ${fault.message}`.trim().slice(0, 200);
  // The first mail under this key was taken; another under the same key never will be.
  const taken = response.status === 409 && fault.name === 'invalid_idempotent_request';
  // A sender we may not use would refuse every mail: ours to repair, and the mail must wait for it.
  const sender = fault.name === 'invalid_from_address' || fault.name === 'invalid_api_key';
  if (taken || (ABOUT_THIS_MAIL.has(response.status) && !sender)) {
    return new MailRefused(`The mail API refused the mail: ${said}`);
  }
  return new MailUnavailable(`The mail API did not take the mail: ${said}`, {
    retryAfterSeconds: retryAfter(response.headers.get('retry-after')),
  });
}

function faultOf(body: string): z.output<typeof Fault> {
  try {
    return Fault.parse(JSON.parse(body));
  } catch {
    return { name: '', message: '' };
  }
}

function retryAfter(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}

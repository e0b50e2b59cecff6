import { html } from '#platform';
import type { Written } from './written.js';

/** Somebody was signed in from a device that they had not used before. */
export interface NewDevice {
  browser: string | null;
  system: string | null;
  address: string | null;
  place: string | null;
  at: Date;
  /** The reader's; null for UTC. */
  timeZone: string | null;
  sessionId: string;
}

/** What, when and where, and how to end it. */
export function newDeviceMail(seen: NewDevice, baseUrl: string): Written {
  const device = [seen.browser ?? 'A program that does not say its name', seen.system]
    .filter(Boolean)
    .join(' on ');
  const when = `${timeOf(seen)} (${seen.timeZone ?? 'UTC'})`;
  const where = [seen.place, seen.address].filter(Boolean).join(', ') || 'not known';
  const facts = [
    ['Device', device],
    ['When', when],
    ['Where', where],
  ] as const;
  const link = `${baseUrl}/sessions#${seen.sessionId}`;
  const opening =
    'Somebody, you we hope, has just signed in to your account from a device that is new to it.';
  const how = 'If this was not you, end that session and set a new password, which ends every session:';
  const closing = `Programs end it with DELETE /api/v1/auth/sessions/${seen.sessionId}. If it was you, there is nothing to do.`;
  return {
    subject: `A new sign-in: ${device}`,
    text: [
      'Hello,',
      '',
      opening,
      '',
      ...facts.map(([what, fact]) => `  ${what}: ${fact}`),
      '',
      how,
      '',
      `  ${link}`,
      '',
      closing,
    ].join('\n'),
    html: html`<p>Hello,</p>
      <p>${opening}</p>
      <ul>
        ${facts.map(([what, fact]) => html`<li>${what}: ${fact}</li>`)}
      </ul>
      <p>${how}</p>
      <p><a href="${link}">End the session</a></p>
      <p>${closing}</p>`.toString(),
  };
}

function timeOf({ at, timeZone }: NewDevice): string {
  return new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'full',
    timeStyle: 'short',
    timeZone: timeZone ?? 'UTC',
  }).format(at);
}

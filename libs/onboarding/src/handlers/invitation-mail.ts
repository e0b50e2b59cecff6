import { html } from '#platform';

export interface InvitationWords {
  organization: string;
  /** Null when they have not said what they are called. */
  inviter: string | null;
  role: string;
  token: string;
  expiresAt: Date;
}

/** The mail that somebody gets who is invited; the link leads below `baseUrl`. */
export function invitationMail(
  { organization, inviter, role, token, expiresAt }: InvitationWords,
  baseUrl: string,
): { subject: string; text: string; html: string } {
  // Behind the #, so that no server and no other site gets to see it.
  const link = `${baseUrl}/invite#token=${token}`;
  const opening = `${inviter ?? 'Somebody'} invites you to join ${organization} as ${role}.`;
  const until = expiresAt.toISOString().slice(0, 10);
  const closing = `The link is good until ${until}, once, and for this address alone. If you do not know ${organization}, ignore this mail: nothing happens without the link.`;
  return {
    subject: `Join ${organization}`,
    text: [
      'Hello,',
      '',
      opening,
      '',
      'Answer the invitation:',
      '',
      `  ${link}`,
      '',
      'or give this token to the program:',
      '',
      `  ${token}`,
      '',
      closing,
    ].join('\n'),
    html: html`<p>Hello,</p>
      <p>${opening}</p>
      <p><a href="${link}">Answer the invitation</a></p>
      <p>or give this token to the program:</p>
      <p style="font-family: monospace; word-break: break-all">${token}</p>
      <p>${closing}</p>`.toString(),
  };
}

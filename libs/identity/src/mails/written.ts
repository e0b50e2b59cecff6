import { html } from '#platform';

/** A mail in both forms. */
export interface Written {
  subject: string;
  text: string;
  html: string;
}

/** What a mail says. */
export interface Words {
  subject: string;
  paragraphs: string[];
  /** The page that its link leads to, what is done there, and the token that does it. */
  link?: { page: string; action: string; token: string };
  closing: string;
}

/** How a mail with a link closes. */
export const IGNORE = 'If this was not you, ignore this mail: nothing happens without the link.';

/** The mail in both forms. The link leads below `baseUrl`; its token is also there by itself, for programs. */
export function written({ subject, paragraphs, link, closing }: Words, baseUrl: string): Written {
  const way = link && linkIn(link, baseUrl);
  return {
    subject,
    text: ['Hello,', '', ...paragraphs.flatMap((one) => [one, '']), ...(way?.text ?? []), closing].join('\n'),
    html: html`<p>Hello,</p>
      ${paragraphs.map((one) => html`<p>${one}</p>`)} ${way?.html ?? ''}
      <p>${closing}</p>`.toString(),
  };
}

function linkIn({ page, action, token }: NonNullable<Words['link']>, baseUrl: string) {
  // Behind the #, so that no server and no other site gets to see it.
  const url = `${baseUrl}/${page}#token=${token}`;
  return {
    text: [`${action}:`, '', `  ${url}`, '', 'or give this token to the program:', '', `  ${token}`, ''],
    html: html`<p><a href="${url}">${action}</a></p>
      <p>or give this token to the program:</p>
      <p style="font-family: monospace; word-break: break-all">${token}</p>`,
  };
}

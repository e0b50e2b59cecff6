import { html, type Html } from '#platform';
import { hrefOf } from './look.js';

/** What one page is, without what all of them have. */
export interface Page {
  title: string;
  /** Begins with its h1. */
  body: Html;
  /** 200 unless given. */
  status?: number;
  /** Reads the token of a mail from behind the #. */
  takesToken?: boolean;
  /** Who is signed in, in the words of the footer. */
  footer?: Html;
  policy?: Policy;
}

/** What a page may besides what all may. */
export interface Policy {
  /** Where its form's answer may redirect to: Chromium holds form-action against redirects, too. */
  formAction?: string;
  /** Shows an image that is in the page itself. */
  dataImages?: boolean;
}

/** The whole document. Nothing in it is inline, and nothing comes from elsewhere. */
export function documentOf({ title, body, takesToken, footer }: Page): string {
  const script = takesToken ? html`<script type="module" src="${hrefOf('token.js')}"></script>` : html``;
  return `<!doctype html>\n${html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>${title} · Gatehouse</title>
      <link rel="stylesheet" href="${hrefOf('pages.css')}" />
      <link rel="icon" type="image/svg+xml" href="${hrefOf('icon.svg')}" />
      ${script}
    </head>
    <body>
      <header class="brand"><img src="${hrefOf('icon.svg')}" alt="" />Gatehouse</header>
      <main>${body}</main>
      ${footer ? html`<footer>${footer}</footer>` : html``}
    </body>
  </html>`}\n`;
}

export function contentSecurityPolicy({ formAction, dataImages }: Policy = {}): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    `img-src 'self'${dataImages ? ' data:' : ''}`,
    `form-action 'self'${formAction ? ` ${formAction}` : ''}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

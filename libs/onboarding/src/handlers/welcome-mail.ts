import { html } from '#platform';

export interface Welcome {
  organization: string;
  name: string | null;
  key: string;
  tier: string;
}

/** The mail that a new organisation's owner gets. */
export function welcomeMail({ organization, name, key, tier }: Welcome): {
  subject: string;
  text: string;
  html: string;
} {
  const greeting = name ? `Hello ${name},` : 'Hello,';
  return {
    subject: `Your licence key for ${organization}`,
    text: [
      greeting,
      '',
      `${organization} is set up. Its ${tier} licence key is:`,
      '',
      `  ${key}`,
      '',
      'Enter it in the program, or sign in there. Keep it to yourself: whoever has it can take a seat.',
    ].join('\n'),
    html: html`<p>${greeting}</p>
      <p>${organization} is set up. Its ${tier} licence key is:</p>
      <p style="font-family: monospace; font-size: 1.2em">${key}</p>
      <p>
        Enter it in the program, or sign in there. Keep it to yourself: whoever has it can take a seat.
      </p>`.toString(),
  };
}

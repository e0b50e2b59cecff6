import type { Message } from './mailbox.js';

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
  table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #ddd }
  th { font-weight: 600 } td { overflow-wrap: anywhere } a { color: #0645ad }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f6f6f6; padding: 1rem; border-radius: 4px }
  iframe { width: 100%; height: 32rem; border: 1px solid #ddd; border-radius: 4px }
  @media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } a { color: #8ab4f8 } pre { background: #242424 } iframe { background: #fff } }
`;

/** All messages, newest first. */
export function listPage(messages: Message[], to: string | undefined): string {
  const about = to === undefined ? '' : ` to ${escape(to)}`;
  if (messages.length === 0) {
    return page(
      'Mail',
      `<h1>Mail${about}</h1><p>Nothing yet. Mail that Gatehouse sends appears here; reload to look again.</p>`,
    );
  }
  const rows = [...messages].reverse().map(row).join('\n');
  return page(
    'Mail',
    `<h1>Mail${about}</h1><table><tr><th>Received</th><th>To</th><th>Subject</th></tr>\n${rows}</table>
<p><a href="/messages.json">The same as JSON</a></p>`,
  );
}

export function messagePage(message: Message): string {
  const html =
    message.html === ''
      ? ''
      : `<h2>HTML</h2><iframe sandbox src="/messages/${message.id}.html" title="The message as HTML"></iframe>`;
  const text = message.text === '' ? '' : `<h2>Text</h2><pre>${escape(message.text)}</pre>`;
  return page(
    message.subject,
    `<p><a href="/">All mail</a></p><h1>${escape(message.subject) || '(no subject)'}</h1>
<table>${field('From', message.from)}${field('To', message.to.join(', '))}${field('Received', message.received_at)}${field('Message-ID', message.message_id)}</table>
${text}${html}`,
  );
}

export function notFoundPage(sentence: string): string {
  return page('Mail', `<p>${escape(sentence)}</p><p><a href="/">All mail</a></p>`);
}

function row(message: Message): string {
  const subject = escape(message.subject) || '(no subject)';
  return `<tr><td>${message.received_at}</td><td>${escape(message.to.join(', '))}</td><td><a href="/messages/${message.id}">${subject}</a></td></tr>`;
}

function field(name: string, value: string): string {
  return `<tr><th>${name}</th><td>${escape(value)}</td></tr>`;
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style></head><body>${body}</body></html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

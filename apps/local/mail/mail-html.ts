import { escape, page } from '../plain-page.js';
import type { Message } from './mailbox.js';

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

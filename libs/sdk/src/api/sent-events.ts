import { InvalidDocument } from '../formats/invalid-document.js';

/** A server-sent event (HTML Living Standard, 9.2). */
export interface SentEvent {
  id: string | null;
  kind: string;
  data: string;
}

/** No event of ours comes near, in characters. */
const MAX_EVENT = 262_144;

/** What a stream tells beside its events. */
export interface Asides {
  /** How long the server wants its readers to wait before they come back, in ms. */
  onRetry: (ms: number) => void;
  /** A comment: the line lives. */
  onBeat: () => void;
}

/**
 * The events in a body, as they come; what its end cuts off is left out. Throws InvalidDocument for an event that is too
 * large.
 */
export async function* sentEvents(
  body: ReadableStream<Uint8Array>,
  { onRetry, onBeat }: Asides,
): AsyncGenerator<SentEvent, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let [rest, id, kind, data] = ['', null as string | null, '', null as string | null];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines.map((one) => one.replace(/\r$/, ''))) {
        if (line === '') {
          if (data !== null) yield { id, kind, data };
          [id, kind, data] = [null, '', null];
          continue;
        }
        if (line.startsWith(':')) onBeat();
        const [, name = '', text = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
        if (name === 'id') id = text;
        if (name === 'event') kind = text;
        if (name === 'data') data = data === null ? text : `${data}\n${text}`;
        if (name === 'retry' && /^\d{1,9}$/.test(text)) onRetry(Number(text));
        tooLarge(data);
      }
      tooLarge(rest);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function tooLarge(text: string | null): void {
  if ((text?.length ?? 0) > MAX_EVENT) throw new InvalidDocument('MALFORMED', 'An event is too large.');
}

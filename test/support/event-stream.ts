/** A server-sent event as it came. */
export interface CameIn {
  id: string;
  kind: string;
  data: Record<string, unknown>;
}

/** A stream that a test reads. */
export interface ReadStream {
  status: number;
  headers: Headers;
  /** What has come so far. */
  events: CameIn[];
  /** Comments that have come so far. */
  beats: () => number;
  /** How it ended: `end` by the server, `broken`. */
  ended: Promise<'end' | 'broken'>;
  /** Resolves when one that passes has come, also before it was asked for. Rejects when the stream ends without one. */
  until: (passes: (event: CameIn) => boolean) => Promise<CameIn>;
  close: () => void;
}

/** Opens a stream of events and reads it. A refusal ends at once; its status tells. */
export async function openStream(
  url: string,
  { bearer, after, headers }: { bearer?: string; after?: string; headers?: Record<string, string> },
): Promise<ReadStream> {
  const stop = new AbortController();
  const response = await fetch(url, {
    headers: {
      ...(bearer && { authorization: `Bearer ${bearer}` }),
      ...(after !== undefined && { 'last-event-id': after }),
      ...headers,
    },
    signal: stop.signal,
  });
  const events: CameIn[] = [];
  const waiting = new Set<() => void>();
  let [beats, isOver] = [0, false];
  const look = () => waiting.forEach((one) => one());

  const read = async (): Promise<'end' | 'broken'> => {
    let rest = '';
    const decoder = new TextDecoder();
    try {
      for await (const piece of response.body!) {
        const blocks = (rest + decoder.decode(piece, { stream: true })).split('\n\n');
        rest = blocks.pop()!;
        for (const block of blocks) {
          if (block.startsWith(':')) beats += 1;
          const fields = new Map(
            block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]),
          );
          if (fields.has('data'))
            events.push({
              id: fields.get('id')!,
              kind: fields.get('event')!,
              data: JSON.parse(fields.get('data')!) as Record<string, unknown>,
            });
        }
        look();
      }
      return 'end';
    } catch {
      return 'broken';
    } finally {
      isOver = true;
      look();
    }
  };
  return {
    status: response.status,
    headers: response.headers,
    events,
    beats: () => beats,
    ended: read(),
    until: (passes) =>
      new Promise((resolve, reject) => {
        const attempt = () => {
          const found = events.find(passes);
          if (!found && !isOver) return;
          waiting.delete(attempt);
          if (found) resolve(found);
          else reject(new Error(`The stream ended after ${events.length} events, and none was it.`));
        };
        waiting.add(attempt);
        attempt();
      }),
    close: () => stop.abort(),
  };
}

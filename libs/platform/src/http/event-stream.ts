import { Readable } from 'node:stream';

/** A server-sent event (HTML Living Standard, 9.2). `data` is one line; JSON is. */
export interface SentEvent {
  id: string;
  kind: string;
  data: string;
}

export interface EventStreamOptions {
  /** Told first, whatever else there is. */
  opening: readonly SentEvent[];
  /** The id behind which `read` begins when nothing is told first. */
  after: string;
  /** The next events behind an id, oldest first; none: everything has been told. */
  read: (after: string) => Promise<readonly SentEvent[]>;
  /** How long its reader should wait before it comes back, in ms. */
  retryMs: number;
  now: () => number;
}

/** A comment: proxies and clients see that the line lives, and whoever is gone is noticed. */
const BEAT = ':\n\n';

/**
 * Server-sent events, read from where they are kept, as its reader takes them: what is on its way to one who does not read is
 * no more than a batch and the buffers of the socket. `wake` says that there may be something new; said once too often or
 * once for many it does no harm.
 */
export class EventStream extends Readable {
  private after: string;
  private isWanted = false;
  private isNews = true;
  private isReading = false;
  private isOver = false;
  private seen = { waiting: 0, since: 0 };

  constructor(private readonly options: EventStreamOptions) {
    super({ highWaterMark: 16_384 });
    const { opening, after, retryMs } = options;
    this.after = opening.at(-1)?.id ?? after;
    this.give(`retry: ${retryMs}\n\n${opening.map(textOf).join('')}`);
  }

  override _read(): void {
    this.isWanted = true;
    void this.pump();
  }

  wake(): void {
    this.isNews = true;
    void this.pump();
  }

  /** Wakes it if it has not told the event with this id. Ids are compared as text. */
  wakeBehind(id: string): void {
    if (this.after < id) this.wake();
  }

  beat(): void {
    if (this.isWanted && !this.isOver) this.give(BEAT);
  }

  /** For how long its reader has taken nothing of what waits for it, in ms, by what repeated looks see. */
  stalledForMs(): number {
    const [waiting, now] = [this.readableLength, this.options.now()];
    if (waiting === 0 || waiting < this.seen.waiting || this.seen.waiting === 0) this.seen.since = now;
    this.seen.waiting = waiting;
    return now - this.seen.since;
  }

  /** Tells no more. What waits goes out first. */
  finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.push(null);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.isOver = true;
    done(error);
  }

  /** One batch after the other, while there is one and somebody takes it. What cannot be read now is read after the next wake. */
  private async pump(): Promise<void> {
    if (this.isReading) return;
    this.isReading = true;
    try {
      while (this.isWanted && this.isNews && !this.isOver) {
        this.isNews = false;
        const events = await this.options.read(this.after);
        if (this.isOver || events.length === 0) continue;
        this.isNews = true;
        this.after = events.at(-1)!.id;
        this.give(events.map(textOf).join(''));
      }
    } catch {
      this.isNews = true;
    } finally {
      this.isReading = false;
    }
  }

  private give(text: string): void {
    if (!this.push(text)) this.isWanted = false;
  }
}

const textOf = ({ id, kind, data }: SentEvent): string => `id: ${id}\nevent: ${kind}\ndata: ${data}\n\n`;

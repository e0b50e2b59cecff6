import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';

export interface Message {
  id: string;
  /** The envelope's recipients, lower case: who would have got it, not who the header names. */
  to: string[];
  from: string;
  subject: string;
  text: string;
  html: string;
  message_id: string;
  /** ISO 8601, UTC. */
  received_at: string;
}

const MOST_MESSAGES = 1_000;
const MOST_BYTES = 64 * 1024 * 1024;

/** The newest messages, bounded in number and size; the oldest go first. */
export class Mailbox {
  private readonly messages: { message: Message; bytes: number }[] = [];
  private readonly arrivals = new EventEmitter().setMaxListeners(0);
  private bytes = 0;

  constructor(
    private readonly mostMessages = MOST_MESSAGES,
    private readonly mostBytes = MOST_BYTES,
  ) {}

  add(content: Omit<Message, 'id'>): Message {
    const message = { id: randomUUID(), ...content };
    const bytes = 2 * (message.text.length + message.html.length + message.subject.length) + 500;
    this.messages.push({ message, bytes });
    this.bytes += bytes;
    while (
      this.messages.length > this.mostMessages ||
      (this.bytes > this.mostBytes && this.messages.length > 1)
    ) {
      this.bytes -= this.messages.shift()!.bytes;
    }
    this.arrivals.emit('message');
    return message;
  }

  /** Oldest first. `to` keeps those to one address. */
  list(to?: string): Message[] {
    const wanted = to?.toLowerCase();
    const all = this.messages.map((entry) => entry.message);
    return wanted === undefined ? all : all.filter((message) => message.to.includes(wanted));
  }

  find(id: string): Message | undefined {
    return this.messages.find((entry) => entry.message.id === id)?.message;
  }

  /** Like list, but answers only once there are `count` of them, or the signal fires: then with what there is. */
  async waitFor(to: string | undefined, count: number, signal: AbortSignal): Promise<Message[]> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.list(to);
        if (found.length < count && !signal.aborted) return;
        this.arrivals.off('message', look);
        signal.removeEventListener('abort', look);
        resolve(found);
      };
      this.arrivals.on('message', look);
      signal.addEventListener('abort', look);
      look();
    });
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import { styleText } from 'node:util';
import { Refusal } from '../refusal.js';
import { indented, readable, shorten } from './print.js';
import { differences, type Wanted } from './wanted.js';

const MARGIN = '    ';
const ANSWER_WITHIN_MS = 20_000;
const ASK_AGAIN_MS = 200;

export interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: string;
  bearer?: string;
  headers?: Record<string, string>;
  /** Sent as JSON; a string is sent as it is. */
  body?: unknown;
}

export interface Expected {
  status: number;
  body?: Wanted;
  /** How to print the answer where its JSON is longer than its sense. */
  show?: (body: never) => string;
  /** Asks again until the answer is as expected, for at most so many ms: what follows from an event takes a moment. */
  withinMs?: number;
}

interface Answer {
  status: number;
  body: unknown;
  retryAfter: string | null;
}

/** Plays one step after the other: prints the request and the answer, and ends the play at the first wrong one. */
export class Stage {
  /** How many have been played. */
  steps = 0;

  constructor(private readonly print: (line: string) => void) {}

  /** A line between the steps. */
  say(line: string): void {
    this.print(`\n${styleText('bold', line)}`);
  }

  /** Sends the request and gives the answer's body. Throws a Refusal unless the answer is as expected. */
  async step<T = unknown>(title: string, request: Request, expected: Expected): Promise<T> {
    this.steps += 1;
    this.print(`\n${styleText('bold', `${String(this.steps).padStart(2)}. ${title}`)}`);
    this.print(indented(requestText(request), MARGIN));

    const { answer, faults } = await this.ask(request, expected);
    const colour = faults.length === 0 ? 'green' : 'red';
    const status = styleText(colour, String(answer.status));
    const text =
      expected.show && faults.length === 0 ? expected.show(answer.body as never) : readable(answer.body);
    this.print(indented(`${status} ${indented(shorten(text), MARGIN).trimStart()}`, MARGIN));
    if (answer.retryAfter) this.print(`${MARGIN}${MARGIN}Retry-After: ${answer.retryAfter}`);
    if (faults.length > 0) throw new Refusal(`\nStep ${this.steps} went wrong: ${faults.join('; ')}.`);
    return answer.body as T;
  }

  private async ask(request: Request, expected: Expected): Promise<{ answer: Answer; faults: string[] }> {
    const until = performance.now() + (expected.withinMs ?? 0);
    for (;;) {
      const answer = await send(request);
      const faults = [
        ...(answer.status === expected.status ? [] : [`the status should be ${expected.status}`]),
        ...(expected.body === undefined ? [] : differences(expected.body, answer.body)),
      ];
      if (faults.length === 0 || performance.now() > until) return { answer, faults };
      await pause(ASK_AGAIN_MS);
    }
  }
}

async function send({ method, url, bearer, headers, body }: Request): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: method ?? 'GET',
      headers: {
        ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : textOf(body),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const text = await response.text();
    return { status: response.status, body: parsed(text), retryAfter: response.headers.get('retry-after') };
  } catch (error) {
    const why =
      (error as Error).name === 'TimeoutError'
        ? `did not answer within ${ANSWER_WITHIN_MS / 1000} s`
        : 'does not answer';
    throw new Refusal(`\n${new URL(url).origin} ${why}: does npm start still run?`);
  }
}

const textOf = (body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function requestText({ method = 'GET', url, bearer, headers = {}, body }: Request): string {
  return [
    `${method} ${url}`,
    ...(bearer ? [`${MARGIN}Authorization: Bearer ${shorten(bearer)}`] : []),
    ...Object.entries(headers).map(([name, value]) => `${MARGIN}${name}: ${value}`),
    ...(body === undefined
      ? []
      : [indented(readable(typeof body === 'string' ? parsed(body) : body), MARGIN)]),
  ].join('\n');
}

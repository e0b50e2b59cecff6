import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { newId } from './store.js';

export const FaultInput = z.strictObject({
  /** `*` stands for one segment of the path, `**` at its end for the rest. */
  match: z
    .strictObject({ method: z.enum(['GET', 'POST', 'DELETE']).optional(), path: z.string().optional() })
    .default({}),
  kind: z.enum(['status', 'hang', 'close', 'timeout_after_apply', 'close_after_apply', 'delay', 'decline']),
  /** How often it strikes. */
  times: z.number().int().min(1).max(1_000_000).default(1),
  /** For `status`. */
  status: z.number().int().min(400).max(599).default(500),
  code: z.string().optional(),
  type: z.enum(['api_error', 'card_error', 'invalid_request_error', 'rate_limit_error']).optional(),
  message: z.string().optional(),
  /** For `status`: whether the answer is kept under the request's idempotency key, as Stripe keeps even its own 500s. */
  kept: z.boolean().default(false),
  /** For `delay`, which also ends when the faults are taken away. */
  delay_ms: z.number().int().min(0).max(600_000).default(1_000),
  /** For `decline`: the next payments, of this customer or of anybody. */
  customer: z.string().optional(),
  decline_code: z.string().default('generic_decline'),
});

export type Fault = z.output<typeof FaultInput> & { id: string; struck: number };

/** Faults that were asked for; the first that matches strikes and wears out. */
export class Faults {
  private faults: Fault[] = [];
  private cleared = new AbortController();

  /** From now on. What is left out is as {@link FaultInput} says. */
  add(input: z.input<typeof FaultInput>): Fault {
    const fault = { ...FaultInput.parse(input), id: newId('flt', 12), struck: 0 };
    this.faults.push(fault);
    return fault;
  }

  list(): Fault[] {
    return this.faults;
  }

  clear(): void {
    this.faults = [];
    this.cleared.abort();
    this.cleared = new AbortController();
  }

  /** Resolves when a delay is over, or all faults are. */
  async outlast({ delay_ms }: Fault): Promise<void> {
    await pause(delay_ms, undefined, { ref: false, signal: this.cleared.signal }).catch(() => undefined);
  }

  /** The fault that strikes this request. */
  strike(method: string, path: string): Fault | undefined {
    const fault = this.faults.find((one) => one.struck < one.times && matches(one, method, path));
    if (fault) fault.struck++;
    return fault;
  }
}

function matches({ match }: Fault, method: string, path: string): boolean {
  if (match.method !== undefined && match.method !== method) return false;
  if (match.path === undefined) return true;
  const pattern = match.path.split('/');
  const segments = path.split('/');
  if (pattern.at(-1) === '**') pattern.pop();
  else if (pattern.length !== segments.length) return false;
  return pattern.every(
    (part, index) => segments[index] !== undefined && (part === '*' || part === segments[index]),
  );
}

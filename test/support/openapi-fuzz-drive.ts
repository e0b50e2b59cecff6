import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { faultsOf, isOauth } from './openapi-fuzz-answers.js';
import type { Cases, HostileCase, Sound } from './openapi-fuzz-case.js';
import { type RawAnswer, send } from './openapi-fuzz-client.js';
import type { Whose } from './openapi-fuzz-digest.js';
import type { Operation } from './openapi-fuzz-schema.js';
import type { World } from './openapi-fuzz-world.js';

/**
 * The same in every test run, so that what a change broke is told from what nobody had met yet; the drill takes another
 * each time. `FC_SEED=...` repeats a run that failed, and the failure says which.
 */
const SEED = Number(process.env.FC_SEED ?? 1);
/** Cases of one kind for all operations together: as many when there are more of them. */
const CASES_OF_A_KIND = 1_200;
const FEWEST = 10;
/** Characters of the value that failed. */
const MOST_TOLD = 500;

/** Sends hostile input to the operations of a world and judges what comes back. */
export class Drive {
  /** Cases for each kind of input and operation; `FC_RUNS=1000` looks harder. */
  readonly runs: number;

  constructor(private readonly world: World) {
    const share = Math.floor(CASES_OF_A_KIND / world.operations.length);
    this.runs = Number(process.env.FC_RUNS ?? Math.max(FEWEST, share));
  }

  /** The documented example of an operation, sent by the attacker in their own name. */
  soundOf(operation: Operation): Sound {
    const { accessToken, idToken } = this.world.attacker;
    const target = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const parameter = operation.parameters.find((one) => one.in === 'path' && one.name === name);
      return encodeURIComponent(String(parameter?.example));
    });
    if (operation.access === 'public' && operation.method === 'GET')
      return { operation, target, headers: [] };
    // Signing in takes the bearer of an upstream issuer; what else is public looks at none.
    const bearer = operation.access === 'public' ? idToken : accessToken;
    return { operation, target, headers: [['authorization', `Bearer ${bearer}`]] };
  }

  /** Sends one request. Throws unless the answer is in order and the one that was due. */
  async attempt({ what, request, answer: due }: HostileCase, operation: Operation): Promise<RawAnswer> {
    const answer = await send(this.world.origin, request);
    // What was said outside the body may come back.
    const sent = JSON.stringify([request.target, request.headers]);
    const forbidden = this.world.forbidden.filter((word) => !sent.includes(word));
    const faults = faultsOf(answer, forbidden, isOfEdge(answer) ? undefined : operation);
    if (due === 'any' && answer.status < 400) faults.push('it is not a refusal');
    if (
      Array.isArray(due) &&
      ![answer.status, asEnvelope(answer.status, operation)].some((one) => due.includes(one))
    )
      faults.push(`${due.join(' or ')} was due`);
    if (faults.length === 0) return answer;
    throw new Error(
      `${operation.name} with ${what}: ${faults.join('; ')}. Answer: ${answer.status} ${answer.text.slice(0, 500)}`,
    );
  }

  /** Runs the cases of every operation that has some; gives how many had. */
  async all(cases: Cases, runs = this.runs): Promise<number> {
    let driven = 0;
    for (const operation of this.world.operations) {
      const arbitrary = cases(this.soundOf(operation));
      if (!arbitrary) continue;
      driven += 1;
      await holds(operation.name, arbitrary, (one) => this.attempt(one, operation), runs);
    }
    return driven;
  }

  /** What `work` has changed of anybody's, not even the attacker's own excepted; or of one's. */
  async changesOf(work: () => Promise<unknown>, whose?: Whose): Promise<string[]> {
    const before = await this.world.digest(whose);
    await work();
    const after = await this.world.digest(whose);
    const gone = before.filter((line) => !after.includes(line)).map((line) => `- ${line}`);
    return [...gone, ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`)];
  }
}

/**
 * Checks `runs` values. Throws what the first one that fails threw, with the seed that repeats it. `name` has a
 * part in the seed: or else every operation would meet the same few cases.
 */
export async function holds<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  check: (one: T) => Promise<unknown>,
  runs: number,
): Promise<void> {
  const property = fc.asyncProperty(arbitrary, async (one) => void (await check(one)));
  const seed = createHash('sha256').update(`${SEED} ${name}`).digest().readInt32BE();
  // The cases are small already and say what they are: shrinking them would only take time.
  const { failed, counterexample, errorInstance } = await fc.check(property, {
    numRuns: runs,
    seed,
    endOnFailure: true,
  });
  if (!failed) return;
  const met = fc.stringify(counterexample).slice(0, MOST_TOLD);
  throw new Error(
    `${name}: ${met}\nRepeat it with FC_SEED=${SEED}.\n${(errorInstance as Error | undefined)?.message}`,
  );
}

/** OAuth has one status for what our other routes answer 400 or 422. */
const asEnvelope = (status: number, operation: Operation) =>
  status === 400 && isOauth(operation) ? 422 : status;

/** What Node's own parser and the router refuse belongs to no operation. */
const isOfEdge = (answer: RawAnswer) =>
  answer.status === 431 || (answer.status === 400 && answer.text.includes('"MALFORMED_REQUEST"'));

import type { Setting } from '#platform';
import { Refused } from '../refused.js';
import { type Answers, type Question, QUESTIONS } from './questions.js';

/** Asks a person; the answer as it was typed. `isSecret`: nothing of it is shown. */
export type Ask = (question: string, isSecret: boolean) => Promise<string>;

/**
 * Goes through the questions. `known`: what stands already and is kept unless somebody says otherwise. A wrong answer is
 * asked for again, with what is wrong with it and never itself.
 */
export async function answerQuestions(
  settings: ReadonlyMap<string, Setting>,
  known: ReadonlyMap<string, string>,
  ask: Ask,
  say: (line: string) => void,
): Promise<Answers> {
  const answers: Answers = new Map();
  for (const question of QUESTIONS) {
    if (question.when && !question.when(answers)) continue;
    if (isInFile(known, question.name)) continue;
    const one = settings.get(question.name)!;
    const answer = await answerOf(question, one, known.get(question.name), ask, say);
    if (answer !== '') answers.set(question.name, answer);
  }
  return answers;
}

async function answerOf(
  { fallback, isOptional, hint }: Question,
  one: Setting,
  before: string | undefined,
  ask: Ask,
  say: (line: string) => void,
): Promise<string> {
  const kept = before ?? fallback;
  const stands = kept === undefined ? hint : one.secret ? 'kept unless you type another' : kept;
  const shown = stands === undefined ? '' : ` [${stands}]`;
  for (;;) {
    const answer = (await ask(`${one.name}: ${one.doc}${shown}`, one.secret)) || (kept ?? '');
    const fault = faultOf(one, answer, isOptional === true);
    if (!fault) return answer;
    say(`${one.name}: ${fault}.`);
  }
}

/** The answers of a file, checked one by one. Throws a sentence that names all that is wrong, and shows no value. */
export function answersOf(
  settings: ReadonlyMap<string, Setting>,
  known: ReadonlyMap<string, string>,
  given: ReadonlyMap<string, string>,
): Answers {
  const names = new Set(QUESTIONS.map((one) => one.name));
  const faults = [...given.keys()]
    .filter((name) => !names.has(name))
    .map((name) => `${name}: is not asked for`);
  const answers: Answers = new Map();
  for (const { name, when, fallback, isOptional } of QUESTIONS) {
    if (when && !when(answers)) {
      if (given.has(name)) faults.push(`${name}: is not asked for beside the other answers`);
      continue;
    }
    if (isInFile(known, name)) continue;
    const answer = given.get(name) ?? known.get(name) ?? fallback ?? '';
    const fault = faultOf(settings.get(name)!, answer, isOptional === true);
    if (fault) faults.push(`${name}: ${fault}`);
    else if (answer !== '') answers.set(name, answer);
  }
  if (faults.length > 0)
    throw new Refused(`These answers cannot be used:\n${faults.map((one) => `  - ${one}`).join('\n')}`);
  return answers;
}

/** Its value stands in a file of its own, which is named instead. */
const isInFile = (known: ReadonlyMap<string, string>, name: string) => known.has(`${name}_FILE`);

/** What is wrong with an answer; null: nothing. */
function faultOf(one: Setting, answer: string, isOptional: boolean): string | null {
  if (answer === '') return isOptional ? null : 'it is needed';
  const parsed = one.schema.safeParse(answer);
  return parsed.success ? null : parsed.error.issues.map((issue) => issue.message).join('; ');
}

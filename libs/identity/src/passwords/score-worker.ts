/**
 * The thread that judges passwords. It loads no code of ours, so that it starts from source as well as from dist.
 * A hostile string may keep it busy for a second: whoever asks has a deadline and ends the thread.
 */
import { parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common';
import { dictionary as english, translations } from '@zxcvbn-ts/language-en';

interface Question {
  id: number;
  password: string;
  words: string[];
}

const judge = new ZxcvbnFactory({
  dictionary: { ...common, ...english },
  graphs: adjacencyGraphs,
  translations,
  // More than that takes over a second for one hostile string; what stands behind 64 characters only helps.
  maxLength: 64,
  l33tMaxSubstitutions: 2,
});

parentPort?.on('message', ({ id, password, words }: Question) => {
  const { score, feedback } = judge.check(password, words);
  parentPort?.postMessage({ id, score, warning: feedback.warning, suggestions: feedback.suggestions });
});

import { Worker } from 'node:worker_threads';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { busy } from './hash-queue.js';

/** What zxcvbn says of a password. */
export interface Score {
  /** 0 to 4; 3 and more withstand an attack on a stolen database for long. */
  score: number;
  warning: string | null;
  suggestions: string[];
}

interface Asked {
  id: number;
  password: string;
  words: readonly string[];
  answer: (score: Score | null) => void;
}

/** Usual passwords take 5 to 50 ms, measured; starting the thread takes 300. */
const DEADLINE_MS = 1_000;
/** The dictionaries load before the first answer, on a machine that may be busy. */
const START_MS = 10_000;
const MOST_WAITING = 64;
/** Tests run from source, where Node takes the types off by itself. */
const FILE = `./score-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`;

/**
 * Judges passwords one at a time in a thread of its own, so that neither a hostile string nor a storm of sign-ups
 * stalls requests. Who has no answer by the deadline gets null and the thread is replaced; those who wait behind
 * lose that time and nothing else.
 */
@Injectable()
export class PasswordScorer implements OnApplicationShutdown {
  private worker?: Worker;
  private isWarm = false;
  private current?: Asked;
  private readonly waiting: Asked[] = [];
  private deadline?: NodeJS.Timeout;
  private count = 0;

  /** @param deadlineMs for tests. */
  constructor(private readonly deadlineMs = DEADLINE_MS) {}

  /** Null when the password could not be judged in time. Throws 503 `BUSY` when too many wait. */
  async score(password: string, words: readonly string[]): Promise<Score | null> {
    if (this.waiting.length >= MOST_WAITING) throw busy();
    return new Promise((answer) => {
      this.waiting.push({ id: ++this.count, password, words, answer });
      if (!this.current) this.next();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.deadline);
    for (const one of this.waiting.splice(0)) one.answer(null);
    this.current?.answer(null);
    const worker = this.worker;
    this.worker = undefined;
    await worker?.terminate();
  }

  private next(): void {
    this.current = this.waiting.shift();
    if (!this.current) {
      // An idle thread must not keep the process from ending.
      this.worker?.unref();
      return;
    }
    const { id, password, words } = this.current;
    this.worker ??= this.start();
    this.worker.ref();
    this.worker.postMessage({ id, password, words: [...words] });
    this.deadline = setTimeout(() => this.giveUp(), this.isWarm ? this.deadlineMs : START_MS);
  }

  private start(): Worker {
    this.isWarm = false;
    const worker = new Worker(new URL(FILE, import.meta.url), {
      // A thread has none of our settings and secrets, and a bound of its own.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    worker.on('message', (score: Score & { id: number }) => this.settle(worker, score));
    worker.on('error', () => this.giveUp(worker));
    return worker;
  }

  private settle(from: Worker, { id, ...score }: Score & { id: number }): void {
    if (from !== this.worker || id !== this.current?.id) return;
    this.isWarm = true;
    this.answer(score);
  }

  private giveUp(from = this.worker): void {
    if (!from || from !== this.worker) return;
    this.worker = undefined;
    void from.terminate();
    this.answer(null);
  }

  private answer(score: Score | null): void {
    clearTimeout(this.deadline);
    this.current?.answer(score);
    this.next();
  }
}

import { readFileSync } from 'node:fs';
import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { DomainError, RedisClients } from '#platform';
import { shardOf } from './pool-keys.js';

/** Scripts that go by pool-prelude.lua: they take all keys of a pool. */
const OF_A_POOL = [
  'acquire',
  'return',
  'release',
  'undo',
  'sweep',
  'restore',
  'end-seats',
  'list-seats',
  'holds-device',
  'refuse',
] as const;
/** Scripts with keys of their own. */
const OTHERS = [
  'heartbeat',
  'standing',
  'set-policy',
  'due',
  'drained',
  'open-shard',
  'reopen-shard',
  'closed-for',
  'close-login',
  'raise-catalogue',
] as const;

export type SeatScript = (typeof OF_A_POOL)[number] | (typeof OTHERS)[number];
export type Reply = [word: string, ...rest: unknown[]];
type Arguments = readonly (string | number)[];
type Command = (keys: number, ...args: Arguments) => Promise<unknown>;

/** The shard is emptied or replaced again and again while it is asked: an outage. */
const TRIES = 4;

/** Called before a generation is believed that is newer than the one known; it tells what may be missing. */
export type GenerationListener = (shard: number, known: number) => Promise<void>;

const source = (name: string) => readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');

/** The seat scripts, and of which generation each shard is as far as this process knows. */
@Injectable()
export class SeatScripts {
  readonly redis: Redis;
  private readonly generations = new Map<number, number>();
  private readonly commands = new Map<SeatScript, Command>();
  private listener: GenerationListener = () => Promise.resolve();

  constructor(clients: RedisClients) {
    this.redis = clients.for('seats');
    const prelude = source('pool-prelude');
    for (const name of OF_A_POOL) this.define(name, prelude + source(name));
    for (const name of OTHERS) this.define(name, source(name));
  }

  /** Before anything is asked under a new generation, `listener` has ended well. */
  onNewGeneration(listener: GenerationListener): void {
    this.listener = listener;
  }

  /** 0: none is known yet. */
  generationOf(shard: number): number {
    return this.generations.get(shard) ?? 0;
  }

  /**
   * What a script says about a pool, under the generation that its shard has. Throws 503 when Redis is away, and while
   * a shard that was emptied has not been opened again.
   */
  async ask(script: SeatScript, licenseId: string, keys: readonly string[], args: Arguments): Promise<Reply> {
    const shard = shardOf(licenseId);
    for (let tries = 0; tries < TRIES; tries++) {
      const reply = (await this.run(script, keys, [...args, this.generationOf(shard)])) as Reply;
      if (reply[0] === 'LOST') throw seatsUnavailable(new Error(`Shard ${shard} was emptied.`), 1);
      if (reply[0] !== 'GENERATION') return reply;
      await this.learn(shard, Number(reply[1]));
    }
    throw seatsUnavailable(new Error(`Shard ${shard} does not stay as it is.`), 1);
  }

  /** As {@link ask}, but only under `generation`; null when the shard has another one by now. */
  async askUnder(
    generation: number,
    script: SeatScript,
    keys: readonly string[],
    args: Arguments,
  ): Promise<Reply | null> {
    const reply = (await this.run(script, keys, [...args, generation])) as Reply;
    return reply[0] === 'LOST' || reply[0] === 'GENERATION' ? null : reply;
  }

  /** Runs a script as it is. Throws 503 when Redis is away. */
  run(script: SeatScript, keys: readonly string[], args: Arguments): Promise<unknown> {
    return this.reach(() => this.commands.get(script)!(keys.length, ...keys, ...args));
  }

  /** Throws 503 for whatever goes wrong between here and Redis. */
  async reach<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (cause) {
      throw seatsUnavailable(cause);
    }
  }

  /** Throws 503 when what this process remembers of the generation before could not be written down. */
  async learn(shard: number, generation: number): Promise<void> {
    const known = this.generationOf(shard);
    if (generation <= known) return;
    if (known > 0) await this.reach(() => this.listener(shard, known));
    this.generations.set(shard, generation);
  }

  private define(name: SeatScript, lua: string): void {
    const command = `seats:${name}`;
    this.redis.defineCommand(command, { lua });
    const methods = this.redis as unknown as Record<string, Command>;
    this.commands.set(name, (...args) => methods[command]!(...args));
  }
}

/** 503: nobody knows who holds what; a program goes on and asks again. */
export const seatsUnavailable = (cause: unknown, retryAfterSeconds = 5): DomainError =>
  cause instanceof DomainError && cause.code === 'SEATS_UNAVAILABLE'
    ? cause
    : new DomainError(
        'unavailable',
        'SEATS_UNAVAILABLE',
        'Seats cannot be decided now; go on and try again.',
        {
          retryAfterSeconds,
          cause,
        },
      );

import type { BearerSource } from '../api/caller.js';
import type { ClientCrypto } from '../crypto/client-crypto.js';
import type { OfflineState } from '../offline-state.js';
import type { PinnedKeys } from './pinned-keys.js';

/** One remembered value; `update` lets no other process in between. What it throws, the client survives. */
export interface Store<T> {
  read(): Promise<T | null>;
  /** null removes it. */
  update(change: (current: T | null) => T | null | Promise<T | null>): Promise<T | null>;
  /** Removes it at once if it is that, without waiting for an update that is under way and may write it again. */
  drop(isIt: (current: T) => boolean): Promise<void>;
}

/** Who else on this machine uses the same seat: the last one to leave gives it back. */
export interface Holders {
  join(): Promise<void>;
  /** Runs `last` if nobody else is left; nobody can join while it runs. */
  leave(last: () => Promise<void>): Promise<void>;
}

/** What is remembered of one device. */
export interface ClientStores {
  offline: Store<OfflineState>;
  /** By issuer's address. */
  pinned: Store<readonly PinnedKeys[]>;
  holders: Holders;
}

/** Where a client's sense of time comes from. */
export interface ClientTime {
  /** Epoch ms, as the machine's clock shows it. */
  now(): number;
  /**
   * Calls back once after so many ms; gives what calls it off. `keepAlive`: the program must not end meanwhile, as while
   * it waits for a seat; without it, a timer keeps no program from ending.
   */
  after(ms: number, work: () => void, options?: { keepAlive?: boolean }): () => void;
  /** From 0 up to 1: spreads clients that were started together. */
  random(): number;
}

/** What the client needs of the machine it runs on: one for Node, one for browsers, one for tests. */
export interface ClientPlatform {
  crypto: ClientCrypto;
  time: ClientTime;
  userAgent?: string;
  hardwareId(): Promise<string>;
  /** `device`: the hash of the hardware id that leases name. */
  open(device: string): Promise<ClientStores>;
  /** Where bearers come from when the program brings none. */
  bearer?: BearerSource;
  /** Calls back when the program is about to end; gives what calls it off. */
  onEnd?(close: () => Promise<void>): () => void;
}

export const systemTime: ClientTime = {
  now: () => Date.now(),
  after: (ms, work, { keepAlive = false } = {}) => {
    const timer: unknown = setTimeout(work, ms);
    // Node's; a browser's timer is a number and keeps nothing alive.
    if (!keepAlive && hasUnref(timer)) timer.unref();
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
  random: () => Math.random(),
};

const hasUnref = (timer: unknown): timer is { unref(): void } =>
  typeof timer === 'object' && timer !== null && 'unref' in timer;

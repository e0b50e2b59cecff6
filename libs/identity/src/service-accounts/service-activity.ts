import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '#platform';
import type { LastUse } from '../persistence/service-changes.js';

/** The time of the last use is known to the minute: for so long one that was written is not written again, in ms. */
const PRECISE_TO_MS = 60_000;
const MAX_NOTED = 20_000;

/**
 * When service accounts and their keys were last used. A request notes it in memory, once a minute for each at most;
 * ServiceWatch writes the notes every few seconds, in one statement for all of them.
 */
@Injectable()
export class ServiceActivity {
  private readonly written = new LRUCache<string, number>({ max: MAX_NOTED });
  private accounts = new Map<string, LastUse>();
  private keys = new Map<string, LastUse>();

  constructor(private readonly clock: Clock) {}

  note(tenantId: string, serviceAccountId: string, keyId?: string): void {
    const at = this.clock.now();
    this.noteOne(this.accounts, { tenantId, id: serviceAccountId, at });
    if (keyId) this.noteOne(this.keys, { tenantId, id: keyId, at });
  }

  /** What was noted since the last call; whoever takes it writes it. */
  take(): { accounts: LastUse[]; keys: LastUse[] } {
    const taken = { accounts: [...this.accounts.values()], keys: [...this.keys.values()] };
    this.accounts = new Map();
    this.keys = new Map();
    return taken;
  }

  private noteOne(notes: Map<string, LastUse>, use: LastUse): void {
    const at = use.at.getTime();
    if (at - (this.written.get(use.id) ?? 0) < PRECISE_TO_MS || notes.size >= MAX_NOTED) return;
    this.written.set(use.id, at);
    notes.set(use.id, use);
  }
}

import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, idOf } from '#platform';
import { LoginEvents, type RecordedLogin } from '../persistence/login-events.js';
import { type Device, deviceOf } from '../sessions/device.js';
import { Places } from '../sessions/places.js';

export const LoginEventsPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: idOf('lev').optional(),
});

export const ListLoginEventsInput = z.strictObject({
  userId: idOf('usr'),
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
});

/** An attempt to sign in as its owner recognises it. */
export interface ListedLogin extends Omit<RecordedLogin, 'userAgent'>, Device {
  place: string | null;
}

/** Attempts to sign in to one account (S2-25, S2-64): its owner reads them, and operators do. */
@Injectable()
export class ListLoginEvents {
  constructor(
    private readonly loginEvents: LoginEvents,
    private readonly places: Places,
  ) {}

  /** The actor's own, the newest first. */
  async execute(
    actor: Actor,
    { limit, cursor }: z.output<typeof LoginEventsPage>,
  ): Promise<{ data: ListedLogin[]; nextCursor: string | null }> {
    const rows = await this.loginEvents.ofSelf(actor, cursor ?? null, limit + 1);
    const data = await this.told(rows.slice(0, limit));
    return { data, nextCursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null };
  }

  /** Anybody's, for operators. */
  async forOperator(
    actor: Actor,
    { userId, limit }: z.output<typeof ListLoginEventsInput>,
  ): Promise<ListedLogin[]> {
    actor.must('operator:users');
    return this.told(await this.loginEvents.of(userId, limit));
  }

  private told(rows: readonly RecordedLogin[]): Promise<ListedLogin[]> {
    return Promise.all(
      rows.map(async ({ userAgent, ...row }) => ({
        ...row,
        ...deviceOf(userAgent),
        place: row.address ? await this.places.of(row.address) : null,
      })),
    );
  }
}

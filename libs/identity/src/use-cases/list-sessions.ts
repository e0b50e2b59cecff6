import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, idOf } from '#platform';
import { ListTenants } from '#tenancy';
import { SESSION_LIFETIME_MS } from '../domain/auth-session.js';
import { AuthSessions, type LiveSession } from '../persistence/auth-sessions.js';
import { type Device, deviceOf } from '../sessions/device.js';
import { Places } from '../sessions/places.js';
import { SessionActivity } from '../sessions/session-activity.js';

export const SessionsPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: idOf('ses').optional(),
});

/** A login session as its owner recognises it. */
export interface ListedSession extends Device {
  id: string;
  tenantId: string;
  /** The one that asks. */
  current: boolean;
  /** What its program calls what it runs on; null where none said. */
  deviceName: string | null;
  provider: string;
  amr: string[];
  /** Where it was last used; where it was started when that is not known. */
  address: string | null;
  place: string | null;
  createdAt: Date;
  lastActiveAt: Date;
  expiresAt: Date;
}

/** Where the actor is signed in (S1-20, S2-41). */
@Injectable()
export class ListSessions {
  constructor(
    private readonly listTenants: ListTenants,
    private readonly sessions: AuthSessions,
    private readonly activity: SessionActivity,
    private readonly places: Places,
    private readonly clock: Clock,
  ) {}

  /** Those of the actor's own that live, in whichever tenant, the newest first. */
  async execute(
    actor: Actor,
    input: z.output<typeof SessionsPage>,
  ): Promise<{ data: ListedSession[]; nextCursor: string | null }> {
    const rows = await this.everywhere(actor, input.cursor ?? null, input.limit + 1);
    const page = rows.slice(0, input.limit);
    const activity = await this.activity.of(page.map((row) => row.id));
    const data = await Promise.all(
      page.map(
        async ({ id, tenantId, provider, amr, userAgent, deviceName, ...row }, i): Promise<ListedSession> => {
          const seen = activity[i];
          const address = seen?.address ?? row.address;
          return {
            id,
            tenantId,
            current: id === actor.sessionId,
            deviceName,
            provider,
            amr,
            ...deviceOf(userAgent),
            address,
            place: address ? await this.places.of(address) : null,
            createdAt: row.beganAt,
            lastActiveAt: new Date(Math.max(row.lastUsedAt.getTime(), seen?.lastActiveAt.getTime() ?? 0)),
            expiresAt: new Date(row.authTime.getTime() + SESSION_LIFETIME_MS),
          };
        },
      ),
    );
    return { data, nextCursor: rows.length > input.limit ? (data.at(-1)?.id ?? null) : null };
  }

  /** Few people are in more than two or three tenants. */
  private async everywhere(actor: Actor, cursor: string | null, limit: number): Promise<LiveSession[]> {
    const now = this.clock.now();
    const rows: LiveSession[] = [];
    for (const tenantId of await this.listTenants.execute(actor))
      rows.push(...(await this.sessions.liveOf(actor.as({ tenantId }), now, cursor, limit)));
    return rows.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, limit);
  }
}

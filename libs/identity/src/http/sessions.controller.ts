import { Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, idOf, wire } from '#platform';
import { EndSessions } from '../use-cases/end-sessions.js';
import { ListSessions, SessionsPage } from '../use-cases/list-sessions.js';
import { LogoutView } from './auth.view.js';

const SessionParams = z.strictObject({ sessionId: idOf('ses') });

const SessionView = z.object({
  id: idOf('ses'),
  tenantId: idOf('ten'),
  current: z.boolean(),
  /** What its program calls what it runs on; null where none said. */
  deviceName: z.string().nullable(),
  provider: z.string(),
  amr: z.array(z.string()),
  browser: z.string().nullable(),
  system: z.string().nullable(),
  address: z.string().nullable(),
  place: z.string().nullable(),
  createdAt: z.date(),
  lastActiveAt: z.date(),
  expiresAt: z.date(),
});

const SessionsView = z.object({ data: z.array(SessionView), nextCursor: z.string().nullable() });

const RevokedView = z.object({ status: z.literal('revoked') });

const SESSION_EXAMPLE = {
  id: 'ses_01k9zq6mwee4rr8q3fjz6c1v2d',
  tenant_id: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d',
  current: true,
  device_name: null,
  provider: 'google.com',
  amr: ['fed'],
  browser: 'Firefox 128',
  system: 'Linux',
  address: '203.0.113.7',
  place: null,
  created_at: '2026-11-22T10:15:30.000Z',
  last_active_at: '2026-11-22T11:02:03.000Z',
  expires_at: '2026-12-22T10:15:30.000Z',
};

@Controller('/api/v1/auth')
export class SessionsController {
  constructor(
    private readonly listSessions: ListSessions,
    private readonly endSessions: EndSessions,
  ) {}

  @Get('/sessions')
  @Endpoint({
    summary: 'Where the caller is signed in, in every organisation, the newest first',
    access: 'bearer',
    output: SessionsView,
    example: { data: [SESSION_EXAMPLE], next_cursor: null },
  })
  list(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(SessionsPage) }) input: z.output<typeof SessionsPage>,
  ): Promise<z.input<typeof SessionsView>> {
    return this.listSessions.execute(actor, input);
  }

  @Delete('/sessions/:session_id')
  @Endpoint({
    summary: 'End one session of the caller; its tokens stop working everywhere within two seconds',
    access: 'bearer',
    output: RevokedView,
    example: { status: 'revoked' },
    refusals: { not_found: ['NOT_FOUND'] },
  })
  async revoke(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(SessionParams) }) { sessionId }: z.output<typeof SessionParams>,
  ): Promise<z.input<typeof RevokedView>> {
    await this.endSessions.byId(actor, sessionId);
    return { status: 'revoked' };
  }

  @Post('/logout/others')
  @Endpoint({
    summary: 'End every session of the caller but this one, in every organisation; says how many ended',
    access: 'bearer',
    output: LogoutView,
    example: { revoked: 2 },
  })
  logoutOthers(@CurrentActor() actor: Actor): Promise<z.input<typeof LogoutView>> {
    return this.endSessions.others(actor);
  }
}

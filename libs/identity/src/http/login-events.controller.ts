import { Controller, Get, Query } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, idOf, wire } from '#platform';
import { ListLoginEvents, LoginEventsPage } from '../use-cases/list-login-events.js';

const LoginEventView = z.object({
  id: idOf('lev'),
  occurredAt: z.date(),
  /** `password`, `totp`, or the provider. */
  method: z.string(),
  /** `signed_in`, `wrong_password`, `locked` ...: see docs/user-lifecycle.md. */
  outcome: z.string(),
  browser: z.string().nullable(),
  system: z.string().nullable(),
  address: z.string().nullable(),
  place: z.string().nullable(),
  /** What came of it, or what it happened in. */
  sessionId: z.string().nullable(),
});

const LoginEventsView = z.object({ data: z.array(LoginEventView), nextCursor: z.string().nullable() });

const EXAMPLE = {
  id: 'lev_01k9zq6mwee4rr8q3fjz6c1v2d',
  occurred_at: '2026-11-22T10:15:30.000Z',
  method: 'password',
  outcome: 'wrong_password',
  browser: 'Firefox 128',
  system: 'Linux',
  address: '203.0.113.7',
  place: null,
  session_id: null,
};

@Controller('/api/v1/auth')
export class LoginEventsController {
  constructor(private readonly listLoginEvents: ListLoginEvents) {}

  @Get('/login-events')
  @Endpoint({
    summary: 'Attempts to sign in to the caller’s account, those that failed too, the newest first',
    access: 'bearer',
    output: LoginEventsView,
    example: { data: [EXAMPLE], next_cursor: null },
  })
  list(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(LoginEventsPage) }) input: z.output<typeof LoginEventsPage>,
  ): Promise<z.input<typeof LoginEventsView>> {
    return this.listLoginEvents.execute(actor, input);
  }
}

import { Controller, Get, Query } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, idOf, wire } from '#platform';
import { ReadTrail, ReadTrailInput } from '../use-cases/read-trail.js';

const EntryView = z.object({
  id: z.string(),
  tenantId: idOf('ten'),
  userId: z.string().nullable(),
  actor: z.object({ type: z.string(), id: z.string().nullish(), act: z.string().optional() }),
  action: z.string(),
  subject: z.string().nullable(),
  outcome: z.enum(['success', 'refused']),
  metadata: z.record(z.string(), z.unknown()),
  address: z.string().nullable(),
  traceId: z.string(),
  createdAt: z.date(),
});

const TrailPage = z.object({ data: z.array(EntryView), nextCursor: z.string().nullable() });

const EXAMPLE = {
  data: [
    {
      id: 'aud_01k9zq6mwee4rr8q3fjz6c1v2d',
      tenant_id: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d',
      user_id: 'usr_01k9zq6mwee4rr8q3fjz6c1v2d',
      actor: { type: 'user', id: 'usr_01k9zq6mwee4rr8q3fjz6c1v2d' },
      action: 'TENANT_REGISTERED',
      subject: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d',
      outcome: 'success',
      metadata: { name: 'Acme Tools' },
      address: '127.0.0.1',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      created_at: '2026-11-22T09:30:00.000Z',
    },
  ],
  next_cursor: null,
};

@Controller('/api/v1/audit')
export class AuditController {
  constructor(private readonly readTrail: ReadTrail) {}

  @Get()
  @Endpoint({
    summary: 'What happened in the tenant, newest first',
    access: 'bearer',
    services: true,
    output: TrailPage,
    example: EXAMPLE,
    refusals: { forbidden: ['MISSING_SCOPE'] },
  })
  list(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(ReadTrailInput) }) input: z.output<typeof ReadTrailInput>,
  ): Promise<z.input<typeof TrailPage>> {
    return this.readTrail.execute(actor, input);
  }
}

import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { ReadUsage, ReadUsageInput } from '../use-cases/read-usage.js';
import { UseQuota, UseQuotaInput } from '../use-cases/use-quota.js';
import { BLOCKED } from './examples.js';

const UsageView = z.object({
  meter: z.string(),
  /** Of one window; null: unlimited. */
  limit: z.int().nullable(),
  used: z.int(),
  /** null: unlimited. */
  remaining: z.int().nullable(),
  /** When the window ends; null: it never resets. */
  resetsAt: z.date().nullable(),
});

const EXAMPLE = {
  meter: 'commands',
  limit: 10,
  used: 3,
  remaining: 7,
  resets_at: '2026-11-23T00:00:00.000Z',
};

/**
 * What the licensed program, or a vendor's server for it, calls before it does what is metered.
 *
 * `POST {meter, amount = 1, idempotency_key?, at?, session_id? | license_key? | license_id?}`. Who: a bearer (its own
 * licence, or `license_id` of its tenant), the `session_id` of a seat that is held, or the `license_key` alone where
 * the licence allows key activation. All of `amount` is counted, or nothing.
 *
 * `at`, with an idempotency key, reports what was used offline: at most 8 days ago, it counts against the window that
 * it happened in, and is recorded even beyond the limit, for it has happened. The answer, and its `resets_at`, is of
 * that window: one that lies in the past says nothing about now. Without `at` the use is a question, and may be refused.
 * A meter that is billed is billed for the moment at which it is told, whatever `at` says.
 *
 * 429 `QUOTA_EXHAUSTED` has the answer's five fields in `details`, and is not kept under the key: the same key may
 * count later. 409 `SEAT_NOT_HELD`: the seat lapsed; beat or acquire, then repeat with the same key.
 */
@Controller('/api/v1/licenses/usage')
export class UsageController {
  constructor(
    private readonly useQuota: UseQuota,
    private readonly readUsage: ReadUsage,
  ) {}

  @Post()
  @Endpoint({
    summary: 'Count use of a meter, all of the amount or nothing',
    access: 'optional_bearer',
    judgesSuspension: true,
    services: true,
    budget: 'usage',
    output: UsageView,
    example: EXAMPLE,
    bodyExample: { meter: 'commands', amount: 1, idempotency_key: '0190a5f4-7c1e-7b3a-9f55-0c2d8e4b6a10' },
    refusals: {
      forbidden: [
        ...BLOCKED,
        'MISSING_SCOPE',
        'EMAIL_NOT_VERIFIED',
        'KEY_ACTIVATION_NOT_ALLOWED',
        'NOT_A_NAMED_USER',
      ],
      not_found: ['NOT_FOUND'],
      conflict: ['SEAT_NOT_HELD'],
      gone: ['SEAT_GONE'],
      invalid: ['METER_UNKNOWN', 'IDEMPOTENCY_KEY_REUSED', 'USE_OUT_OF_RANGE', 'LICENSE_MISMATCH'],
      too_many: ['QUOTA_EXHAUSTED'],
      unavailable: ['QUOTAS_UNAVAILABLE'],
    },
  })
  use(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(UseQuotaInput) }) input: z.output<typeof UseQuotaInput>,
  ): Promise<z.input<typeof UsageView>> {
    return this.useQuota.execute(actor, input);
  }

  @Get()
  @Endpoint({
    summary: 'What is left of a meter; counts nothing',
    access: 'bearer',
    services: true,
    budget: 'usage',
    output: UsageView,
    example: EXAMPLE,
    refusals: {
      forbidden: ['MISSING_SCOPE'],
      not_found: ['NOT_FOUND'],
      invalid: ['METER_UNKNOWN', 'METER_REQUIRED'],
      unavailable: ['QUOTAS_UNAVAILABLE'],
    },
  })
  read(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(ReadUsageInput) }) input: z.output<typeof ReadUsageInput>,
  ): Promise<z.input<typeof UsageView>> {
    return this.readUsage.execute(actor, input);
  }
}

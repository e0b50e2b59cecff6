import { Body, Controller, Delete, Post, Put } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { AcquireSeat, AcquireSeatInput } from '../use-cases/acquire-seat.js';
import { BeatSeat, SeatInput } from '../use-cases/beat-seat.js';
import { ReleaseSeat } from '../use-cases/release-seat.js';
import { ValidateLicense, ValidateLicenseInput } from '../use-cases/validate-license.js';
import { BEAT_EXAMPLE, BLOCKED, SEAT_EXAMPLE, VERDICT_EXAMPLE } from './examples.js';
import { BeatView, ReleaseView, SeatView, VerdictView } from './license.view.js';

/** What the licensed program calls. */
@Controller('/api/v1/licenses')
export class SeatsController {
  constructor(
    private readonly acquireSeat: AcquireSeat,
    private readonly beatSeat: BeatSeat,
    private readonly releaseSeat: ReleaseSeat,
    private readonly validateLicense: ValidateLicense,
  ) {}

  @Post('/acquire')
  @Endpoint({
    summary: 'Take a seat for a device',
    access: 'optional_bearer',
    judgesSuspension: true,
    services: true,
    budget: 'seats',
    output: SeatView,
    example: SEAT_EXAMPLE,
    refusals: {
      forbidden: [
        ...BLOCKED,
        'MISSING_SCOPE',
        'EMAIL_NOT_VERIFIED',
        'KEY_ACTIVATION_NOT_ALLOWED',
        'NOT_A_NAMED_USER',
      ],
      not_found: ['NOT_FOUND'],
      conflict: ['SEATS_EXHAUSTED', 'DEVICES_EXHAUSTED', 'DEVICE_IN_USE'],
      invalid: ['LICENSE_MISMATCH'],
      unavailable: ['SEATS_UNAVAILABLE'],
    },
  })
  async acquire(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(AcquireSeatInput) }) input: z.output<typeof AcquireSeatInput>,
  ): Promise<z.input<typeof SeatView>> {
    const { policy, ...seat } = await this.acquireSeat.execute(actor, input);
    return {
      ...seat,
      license: { id: policy.licenseId, tier: policy.tier, entitlements: [...policy.terms.entitlements] },
    };
  }

  @Put('/heartbeat')
  @Endpoint({
    summary: 'Keep a seat',
    access: 'optional_bearer',
    judgesSuspension: true,
    services: true,
    budget: 'seats',
    output: BeatView,
    example: BEAT_EXAMPLE,
    refusals: {
      forbidden: [...BLOCKED, 'TENANT_MISMATCH'],
      conflict: ['SEATS_EXHAUSTED', 'DEVICE_IN_USE'],
      gone: ['SEAT_GONE'],
      unavailable: ['SEATS_UNAVAILABLE'],
    },
  })
  heartbeat(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(SeatInput) }) input: z.output<typeof SeatInput>,
  ): Promise<z.input<typeof BeatView>> {
    return this.beatSeat.execute(actor, input);
  }

  @Delete('/release')
  @Endpoint({
    summary: 'Give a seat back; repeatable',
    access: 'optional_bearer',
    judgesSuspension: true,
    services: true,
    budget: 'seats',
    output: ReleaseView,
    example: { released: true },
    refusals: { forbidden: ['TENANT_MISMATCH'], gone: ['SEAT_GONE'], unavailable: ['SEATS_UNAVAILABLE'] },
  })
  release(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(SeatInput) }) input: z.output<typeof SeatInput>,
  ): Promise<z.input<typeof ReleaseView>> {
    return this.releaseSeat.execute(actor, input);
  }

  @Post('/validate')
  @Endpoint({
    summary: 'A verdict on a licence key; a question, so never an error',
    access: 'public',
    budget: 'validate',
    output: VerdictView,
    example: VERDICT_EXAMPLE,
  })
  async validate(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ValidateLicenseInput) }) input: z.output<typeof ValidateLicenseInput>,
  ): Promise<z.input<typeof VerdictView>> {
    const { license, quota, ...rest } = await this.validateLicense.execute(actor, input);
    const verdict = { ...rest, ...(quota && { quota }) };
    if (!license) return verdict;
    const { licenseId: id, tier, terms, expiresAt } = license;
    return { ...verdict, license: { id, tier, entitlements: [...terms.entitlements], expiresAt } };
  }
}

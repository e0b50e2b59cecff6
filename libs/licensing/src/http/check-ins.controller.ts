import { Body, Controller, Post } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { CheckInInput, CheckInLicense } from '../use-cases/check-in-license.js';

const CheckedInView = z.object({ checkedInAt: z.date(), dueAt: z.date() });

/** Licences that must show themselves now and then. */
@Controller('/api/v1/licenses/check-in')
export class CheckInsController {
  constructor(private readonly checkInLicense: CheckInLicense) {}

  @Post()
  @Endpoint({
    summary: 'Check a licence in, where its terms ask for that; repeatable',
    access: 'optional_bearer',
    judgesSuspension: true,
    services: true,
    budget: 'validate',
    output: CheckedInView,
    example: { checked_in_at: '2026-11-22T09:30:00.000Z', due_at: '2026-12-22T09:30:00.000Z' },
    refusals: {
      forbidden: [
        'LICENSE_SUSPENDED',
        'LICENSE_REVOKED',
        'EMAIL_NOT_VERIFIED',
        'KEY_ACTIVATION_NOT_ALLOWED',
        'MISSING_SCOPE',
      ],
      not_found: ['NOT_FOUND'],
      conflict: ['CHECK_IN_NOT_NEEDED'],
    },
  })
  checkIn(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(CheckInInput) }) input: z.output<typeof CheckInInput>,
  ): Promise<z.input<typeof CheckedInView>> {
    return this.checkInLicense.execute(actor, input);
  }
}

import { Body, Controller, Post } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, idOf, wire } from '#platform';
import { RequestActivation, RequestActivationInput } from '../use-cases/request-activation.js';
import { BLOCKED, LICENSE_ID } from './examples.js';

const ActivationView = z.object({
  licenseId: idOf('lic'),
  /** The text of the file to carry back. */
  response: z.string(),
  expiresAt: z.date(),
});

/** For machines without a network: a file comes out of one and goes back into it. */
@Controller('/api/v1/licenses')
export class ActivationsController {
  constructor(private readonly requestActivation: RequestActivation) {}

  @Post('/activations')
  @Endpoint({
    summary: 'Answer the activation request of a machine without a network',
    access: 'optional_bearer',
    judgesSuspension: true,
    services: true,
    output: ActivationView,
    idempotent: 'plain',
    example: {
      license_id: LICENSE_ID,
      response:
        '{"type":"gatehouse-activation-response","version":"1","lease":"eyJhbGciOiJFZERTQSJ9...","key_sets":[]}',
      expires_at: '2027-11-22T09:30:00.000Z',
    },
    bodyExample: {
      request:
        '{"type":"gatehouse-activation-request","version":"1","license_key":"GH-TEAM-...","device":"...","nonce":"..."}',
      days: 90,
    },
    refusals: {
      forbidden: [
        ...BLOCKED,
        'MISSING_SCOPE',
        'EMAIL_NOT_VERIFIED',
        'KEY_ACTIVATION_NOT_ALLOWED',
        'OFFLINE_ACTIVATION_NOT_ALLOWED',
      ],
      not_found: ['NOT_FOUND'],
      conflict: ['OFFLINE_DEVICES_EXHAUSTED', 'DEVICES_EXHAUSTED'],
      invalid: ['ACTIVATION_REQUEST_INVALID', 'ACTIVATION_TOO_LONG', 'LICENSE_MISMATCH'],
      unavailable: ['SEATS_UNAVAILABLE'],
    },
  })
  async activate(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(RequestActivationInput) }) input: z.output<typeof RequestActivationInput>,
  ): Promise<z.input<typeof ActivationView>> {
    return this.requestActivation.execute(actor, input);
  }
}

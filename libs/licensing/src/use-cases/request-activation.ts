import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, DomainError, idOf, notFound, unauthenticated } from '#platform';
import {
  ActivateOffline,
  type Activation,
  ActivationDays,
  readActivationRequest,
} from './activate-offline.js';
import { FindLicenseByKey } from './find-license-by-key.js';
import { LicenseKeyInput } from './license-key-input.js';
import type { Place } from './place.js';

export const RequestActivationInput = z.strictObject({
  /** The text of the request file. */
  request: z.string().min(1).max(8_192),
  licenseKey: LicenseKeyInput.optional(),
  licenseId: idOf('lic').optional(),
  days: ActivationDays.optional(),
});

type Input = z.output<typeof RequestActivationInput>;

/** Activates a machine without a network, for whoever brings its file. */
@Injectable()
export class RequestActivation {
  constructor(
    private readonly findByKey: FindLicenseByKey,
    private readonly activate: ActivateOffline,
  ) {}

  /**
   * By bearer with `licenses:manage`, or by the licence key alone where the terms allow it. The licence is the one
   * that the file names; what the call names besides must be the same.
   *
   * Throws 401 without either, 403 `MISSING_SCOPE` or `EMAIL_NOT_VERIFIED`, 404, 422 `ACTIVATION_REQUEST_INVALID` or `LICENSE_MISMATCH`, 429,
   * and what ActivateOffline throws.
   */
  async execute(actor: Actor, input: Input): Promise<Activation> {
    const byKeyAlone = actor.type === 'anonymous';
    if (!byKeyAlone) actor.must('licenses:manage');
    // A machine that needs no network is worth more than a seat (S2-40).
    if (actor.type === 'user') actor.mustHaveVerifiedEmail();
    const request = readActivationRequest(input.request);
    const places = [];
    for (const key of [request.licenseKey, input.licenseKey]) {
      if (key !== undefined) places.push(await this.findByKey.found(actor, key));
    }
    if (byKeyAlone && places.length === 0) throw unauthenticated('neither bearer nor licence key');
    for (const licenseId of [request.licenseId, input.licenseId]) {
      if (licenseId !== undefined)
        places.push({ tenantId: places[0]?.tenantId ?? actor.tenantId, licenseId });
    }
    const [place] = places;
    if (!place?.tenantId) throw notFound('license');
    if (places.some((other) => other.licenseId !== place.licenseId)) {
      throw new DomainError('invalid', 'LICENSE_MISMATCH', 'The file and the call name two licences.');
    }
    try {
      return await this.activate.execute(actor, place as Place, request, { days: input.days, byKeyAlone });
    } catch (refusal) {
      const key = request.licenseKey ?? input.licenseKey;
      if (await this.findByKey.isRefusedAsMoved(actor, key, place as Place, refusal))
        return this.execute(actor, input);
      throw refusal;
    }
  }
}

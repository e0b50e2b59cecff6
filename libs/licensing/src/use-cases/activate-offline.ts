import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, DomainError } from '#platform';
import {
  type ActivationRequest,
  encodeActivationResponse,
  InvalidDocument,
  parseActivationRequest,
} from '#sdk/formats';
import { whyNotByKey } from '../domain/key-alone.js';
import { slotDeviceOf } from '../leases/lease-device.js';
import { Leases } from '../leases/leases.js';
import { SigningKeys } from '../leases/signing-keys.js';
import { LicensingConfig } from '../licensing.config.js';
import { LicenseDirectory } from '../persistence/license-directory.js';
import type { PoolPolicy } from '../seats/pool-policy.js';
import { BeginTerm } from './begin-term.js';
import { BindDevice } from './bind-device.js';
import { LoadPoolPolicy } from './load-pool-policy.js';
import type { Place } from './place.js';
import { refuseBlocked } from './seat-answers.js';

const DAY_MS = 86_400_000;

/** How long the machine may go without a network; left out: as long as the terms allow. */
export const ActivationDays = z.int().min(1).max(3_650);

/** The file to carry back. */
export interface Activation {
  licenseId: string;
  /** The text of a response file. */
  response: string;
  /** Earlier than asked where the licence itself ends. */
  expiresAt: Date;
}

/** A machine without a network gets a lease by request and response file, with a life of the caller's choice. */
@Injectable()
export class ActivateOffline {
  constructor(
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly beginTerm: BeginTerm,
    private readonly bindDevice: BindDevice,
    private readonly directory: LicenseDirectory,
    private readonly leases: Leases,
    private readonly keys: SigningKeys,
    private readonly config: LicensingConfig,
    private readonly clock: Clock,
  ) {}

  /** For an operator, on the licence that the file names. Throws as {@link execute}, and 403 `MISSING_SCOPE`. */
  async forOperator(actor: Actor, text: string, days?: number): Promise<Activation> {
    actor.must('operator:licenses');
    const request = readActivationRequest(text);
    const place = await this.directory.place(request.licenseKey ?? request.licenseId);
    return this.execute(actor, place, request, { days, byKeyAlone: false });
  }

  /**
   * On the licence at `place`, which the caller may use. It takes one of the places of devices that may be offline,
   * and of a node-locked licence a place for good.
   *
   * Throws 403 `LICENSE_SUSPENDED`, `LICENSE_REVOKED`, `LICENSE_EXPIRED`, `KEY_ACTIVATION_NOT_ALLOWED`,
   * `EMAIL_NOT_VERIFIED` or `OFFLINE_ACTIVATION_NOT_ALLOWED`, 404, 409 `OFFLINE_DEVICES_EXHAUSTED` or `DEVICES_EXHAUSTED`, 422
   * `ACTIVATION_TOO_LONG`, 503.
   */
  async execute(
    actor: Actor,
    place: Place,
    request: ActivationRequest,
    { days, byKeyAlone }: { days?: number; byKeyAlone: boolean },
  ): Promise<Activation> {
    let policy = await this.loadPolicy.read(actor, place);
    const lifeDays = this.permitted(policy, days, byKeyAlone);
    if (policy.terms.kind === 'node_locked') {
      const device = slotDeviceOf(this.config.hardwareKey, place.tenantId, request.device);
      policy = await this.bindDevice.execute(actor, place, device, policy);
    }
    if (policy.starts !== null) policy = await this.beginTerm.execute(actor, place);

    const machine = { leaseDevice: request.device, nonce: request.nonce };
    const lease = await this.leases.forAirGap(actor, policy, machine, lifeDays * DAY_MS);
    if (!lease) {
      throw new DomainError(
        'conflict',
        'OFFLINE_DEVICES_EXHAUSTED',
        'As many devices as the licence allows can be offline already.',
        { details: { max: policy.terms.offlineDevices } },
      );
    }
    const response = encodeActivationResponse({ lease: lease.token, keySets: this.keys.keySets() });
    return { licenseId: place.licenseId, response, expiresAt: lease.until };
  }

  private permitted(policy: PoolPolicy, days: number | undefined, byKeyAlone: boolean): number {
    const { blocked, expiresAt, terms } = policy;
    const keyRefusal = byKeyAlone ? whyNotByKey(policy) : null;
    if (blocked) throw refuseBlocked(blocked);
    // A new device is nothing that goes on: only `allow` lets it in after the end.
    if (expiresAt && expiresAt <= this.clock.now() && terms.expiryStrategy !== 'allow')
      throw refuseBlocked('EXPIRED');
    if (keyRefusal) throw refuseBlocked(keyRefusal);
    if (terms.airGappedDays === 0) {
      throw new DomainError(
        'forbidden',
        'OFFLINE_ACTIVATION_NOT_ALLOWED',
        'The terms of this licence have no activation without a network.',
      );
    }
    if (days !== undefined && days > terms.airGappedDays) {
      throw new DomainError(
        'invalid',
        'ACTIVATION_TOO_LONG',
        'The terms of this licence do not allow so many days.',
        {
          details: { maxDays: terms.airGappedDays },
        },
      );
    }
    return days ?? terms.airGappedDays;
  }
}

/** The request in a file's text. Throws 422 `ACTIVATION_REQUEST_INVALID`, whose details say why. */
export function readActivationRequest(text: string): ActivationRequest {
  try {
    return parseActivationRequest(text);
  } catch (error) {
    if (!(error instanceof InvalidDocument)) throw error;
    throw new DomainError('invalid', 'ACTIVATION_REQUEST_INVALID', 'This is no activation request.', {
      details: { reason: error.code },
    });
  }
}

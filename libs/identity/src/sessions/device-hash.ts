import { Injectable } from '@nestjs/common';
import { keyedHash, type Origin } from '#platform';
import { AccountsConfig } from '../accounts/accounts.config.js';
import { networkOf } from '../accounts/lockout.js';
import { type DeviceOrigin, fingerprintOf } from './device.js';

/** How a person's device is remembered: keyed, and another one for each person. */
@Injectable()
export class DeviceHash {
  constructor(private readonly config: AccountsConfig) {}

  of(userId: string, origin: Origin): Buffer {
    const { userAgent = null, deviceId = null } = origin as Partial<DeviceOrigin>;
    const parts = fingerprintOf({ userAgent, deviceId }, networkOf(origin.address));
    return keyedHash(this.config.addressKey, 'device', userId, ...parts);
  }
}

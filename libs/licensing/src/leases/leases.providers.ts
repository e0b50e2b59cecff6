import { ResponseSigner } from '#platform';
import { LeasedDevices } from '../persistence/leased-devices.js';
import { ActivateOffline } from '../use-cases/activate-offline.js';
import { FreeFallback } from './free-fallback.js';
import { Leases } from './leases.js';
import { LeaseSlots } from './lease-slots.js';
import { SignedRefusals } from './signed-refusals.js';
import { SigningKeys } from './signing-keys.js';

/** What signs, and what needs it. Beside LicensingModule. */
export const LEASES = [
  SigningKeys,
  { provide: ResponseSigner, useExisting: SigningKeys },
  LeasedDevices,
  LeaseSlots,
  FreeFallback,
  Leases,
  SignedRefusals,
  ActivateOffline,
];

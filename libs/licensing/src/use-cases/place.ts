import { type Actor, DomainError, notFound } from '#platform';

/** Where a licence is. */
export interface Place {
  tenantId: string;
  licenseId: string;
}

/** The licence of the caller, or another of its tenant. Throws 404 when it has none. */
export function ownPlace(actor: Actor, licenseId: string | null = actor.licenseId): Place {
  if (!actor.tenantId || !licenseId) throw notFound('license');
  return { tenantId: actor.tenantId, licenseId };
}

/** `place`, where `licenseId` says the same or nothing. Throws 422 `LICENSE_MISMATCH`. */
export function samePlace(place: Place, licenseId: string | undefined): Place {
  if (licenseId === undefined || licenseId === place.licenseId) return place;
  throw new DomainError(
    'invalid',
    'LICENSE_MISMATCH',
    'license_id names another licence than the proof does.',
  );
}

import { z } from 'zod';
import type { Actor } from '#platform';

/** What a credential may do: scopes of roles and entitlements of plans, like licenses:read. */
export const ScopesInput = z
  .array(
    z
      .string()
      .max(64)
      .regex(/^[a-z][a-z0-9_-]*:[a-z][a-z0-9_-]*$/, 'must be a scope like licenses:read'),
  )
  .min(1)
  .max(64)
  .transform((scopes) => [...new Set(scopes)].sort())
  .meta({ example: ['licenses:read'] });

const MANAGE = 'service_accounts:manage';
const OPERATE = 'operator:service_accounts';

/** Throws 403 `MISSING_SCOPE` for who may not look after the service accounts of the tenant. */
export function mustManage(actor: Actor): void {
  if (!actor.scopes.has(OPERATE)) actor.must(MANAGE);
}

/**
 * Before somebody is given what opens a door: as {@link mustManage}; a person has proved their address, or what they may
 * not do yet (S2-40) they would have a program do. Throws 403 `EMAIL_NOT_VERIFIED`.
 */
export function mustHandOut(actor: Actor): void {
  mustManage(actor);
  if (actor.type === 'user') actor.mustHaveVerifiedEmail();
}

/**
 * Nobody hands on more than they have: throws 403 `MISSING_SCOPE` naming the first scope that the actor lacks. An
 * operator may give what the organisation has, which is the `ceiling`.
 */
export function mustHold(actor: Actor, scopes: readonly string[], ceiling: ReadonlySet<string>): void {
  const giver = actor.scopes.has(OPERATE) ? actor.as({ scopes: ceiling }) : actor;
  for (const scope of scopes) giver.must(scope);
}

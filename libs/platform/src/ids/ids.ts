import { TypeID, typeidUnboxed } from 'typeid-js';
import { z } from 'zod';

/**
 * Makes a new id: `<prefix>_` and a UUIDv7 in 26 lower-case base-32 characters (TypeID 0.3), so ids of one
 * kind sort by the millisecond they were made in.
 */
export function newId(prefix: string): string {
  return typeidUnboxed(prefix);
}

/**
 * The schema of an id of one kind. Refuses any other prefix, length or alphabet, so a hostile id never
 * reaches a query.
 */
export function idOf(prefix: string) {
  return z
    .string()
    .regex(
      // eslint-disable-next-line security/detect-non-literal-regexp -- prefixes are written in our own code
      new RegExp(`^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`),
      `must be an id that begins with ${prefix}_`,
    )
    .meta({ example: `${prefix}_01k9zq6mwee4rr8q3fjz6c1v2d` });
}

/** The 16 bytes of an id's UUID. Throws when `id` is not a TypeID. */
export function idToBytes(id: string): Uint8Array {
  return TypeID.fromString(id).toUUIDBytes();
}

/** The id with this prefix and these 16 bytes; the inverse of {@link idToBytes}. */
export function idFromBytes(prefix: string, bytes: Uint8Array): string {
  return TypeID.fromUUIDBytes(prefix, bytes).toString();
}

/** Where events stand that belong to no organisation. No tenant has this id, and nothing of a tenant is ever in it. */
export const NOBODYS_TENANT = idFromBytes('ten', new Uint8Array(16));

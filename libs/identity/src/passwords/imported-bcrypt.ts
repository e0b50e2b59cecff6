import { verify } from '@node-rs/bcrypt';

/**
 * Checks a password by the rule of the system its hash comes from: bcrypt over the password as it was typed (no
 * normalisation), with the source's pepper behind it if it had one. bcrypt looks at the first 72 bytes only: of a
 * long password the end, and with it perhaps the whole pepper, never counted there. So it is not counted here
 * either, or its owner could not get in; the first login replaces the hash by one that counts everything (C31).
 */
export async function verifyImported(
  hash: string,
  password: string,
  pepper: string | undefined,
): Promise<boolean> {
  if (pepper === undefined)
    throw new Error('AUTH_IMPORTED_BCRYPT_PEPPER is not set, and an imported hash needs it.');
  return verify(password + pepper, hash);
}

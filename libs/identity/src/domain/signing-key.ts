/** next: published, signs nothing yet. retiring: signs nothing more, its tokens still hold. retired: as if unknown (C12). */
export type KeyState = 'next' | 'active' | 'retiring' | 'retired';

/** A signing key as the register knows it: nothing secret. */
export interface SigningKey {
  kid: string;
  state: KeyState;
  createdAt: Date;
  activatedAt: Date | null;
  retiringAt: Date | null;
  retiredAt: Date | null;
}

/** The longest that anything lives which is signed with these keys: an access token, in seconds (S1-01). */
export const LONGEST_TOKEN_SECONDS = 3_600;
/** A process that has not heard of a rotation yet goes on with the old key for so long at most, in ms. */
export const HEARD_WITHIN_MS = 300_000;
/** Clocks that differ, in ms. */
const SKEW_MS = 60_000;

/** When the state began that the key is in. */
export const since = (key: SigningKey): Date =>
  key.retiredAt ?? key.retiringAt ?? key.activatedAt ?? key.createdAt;

/** Whether everything that was signed with a retiring key has expired. */
export function isOver(key: SigningKey, now: Date): boolean {
  const longest = LONGEST_TOKEN_SECONDS * 1_000 + HEARD_WITHIN_MS + SKEW_MS;
  return key.retiringAt !== null && now.getTime() - key.retiringAt.getTime() > longest;
}

/** Whether the active key has served its days. */
export function isDue(active: SigningKey, rotationDays: number, now: Date): boolean {
  const days = (now.getTime() - (active.activatedAt ?? active.createdAt).getTime()) / 86_400_000;
  return rotationDays > 0 && days >= rotationDays;
}

/** For how many ms more the next key has to be published before everybody's cache has it; 0 when it may sign. */
export function stillUnheardOf(next: SigningKey, jwksMaxAgeSeconds: number, now: Date): number {
  return Math.max(0, next.createdAt.getTime() + jwksMaxAgeSeconds * 1_000 - now.getTime());
}

import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, occurred, unauthenticated } from '#platform';
import { ProfileChanged } from '../events/index.js';
import { UserProfiles } from '../persistence/user-profiles.js';
import { Users } from '../persistence/users.js';
import { IssueTokens, type Profile } from './issue-tokens.js';

/** The canonical form of a language tag (BCP 47), null for what is none. */
function languageOf(text: string): string | null {
  try {
    return Intl.getCanonicalLocales(text)[0] ?? null;
  } catch {
    return null;
  }
}

function timeZoneOf(text: string): string | null {
  // Offsets are no zones: they know no summer.
  if (!/^[A-Za-z]/.test(text)) return null;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

const known = (max: number, read: (text: string) => string | null, message: string, example: string) =>
  z
    .string()
    .max(max)
    .refine((text) => read(text) !== null, message)
    .transform((text) => read(text) ?? text)
    .nullable()
    .optional()
    .meta({ example });

export const ChangeProfileInput = z.strictObject({
  /** Null goes back to what the identity provider said. */
  displayName: z
    .string()
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must have no control characters')
    .trim()
    .min(1)
    .max(200)
    .nullable()
    .optional()
    .meta({ example: 'Ada Lovelace' }),
  locale: known(35, languageOf, 'must be a language tag (BCP 47)', 'de-AT'),
  timeZone: known(64, timeZoneOf, 'must be the name of a time zone (IANA)', 'Europe/Vienna'),
});

/** What a person says of themselves. */
@Injectable()
export class ChangeProfile {
  constructor(
    private readonly db: Db,
    private readonly users: Users,
    private readonly profiles: UserProfiles,
    private readonly issueTokens: IssueTokens,
    private readonly clock: Clock,
  ) {}

  /** Changes what is named, and gives all of it. */
  async execute(actor: Actor, input: z.output<typeof ChangeProfileInput>): Promise<Profile> {
    if (!(await this.users.self(actor))) throw unauthenticated('no such person');
    await this.db.transaction(actor, async () => {
      await this.profiles.change(input);
      const fields = Object.keys(input).sort();
      const userId = actor.id ?? '';
      this.db.record([occurred(ProfileChanged, { userId, fields }, this.clock.now())]);
    });
    return this.issueTokens.profile(actor);
  }
}

import {
  asObject,
  type Claims,
  has,
  readCount,
  readFlag,
  readInstant,
  readNames,
  readNullable,
  readOneOf,
  readText,
  readTexts,
} from '../formats/claims.js';

/** An organisation as its people see it. Times are epoch ms. */
export interface TenantDetails {
  id: string;
  name: string;
  slug: string;
  /** For people; programs ask for entitlements. */
  plan: string;
  /** People whose role takes seats; null: unlimited. */
  maxSeats: number | null;
  /** People of every role; null: unlimited. */
  maxMembers: number | null;
  status: string;
  createdAt: number;
  /** Somebody asked for its deletion; until `deletesAt` it can be restored. */
  deletion: Deletion | null;
}

/** Times are epoch ms. */
export interface Deletion {
  askedAt: number;
  deletesAt: number;
  /** A person. */
  askedBy: string;
}

export interface TenantSettings {
  /** `allowed_domains`: who has a proved address of one of them joins by themselves. */
  signUpMode: 'invite_only' | 'allowed_domains';
  /** Where invitations may go; none: anywhere. */
  allowedDomains: readonly string[];
  secondFactorRequired: boolean;
  /** null: what each licence says. */
  heartbeatMode: string | null;
  /** null: as long as the product keeps it. */
  retentionDays: number | null;
  /** Of the IANA database, such as `Europe/Stockholm`: where the organisation's day begins. */
  timeZone: string;
}

export interface Role {
  name: string;
  /** Part of the product: neither changed nor deleted. */
  builtIn: boolean;
  scopes: readonly string[];
}

export interface Member {
  /** Of the membership, `mem_...`. */
  id: string;
  userId: string;
  /** null: they have deleted their account a moment ago. */
  email: string | null;
  displayName: string | null;
  role: string;
  createdAt: number;
}

/** One of the organisations of a person, as they have it. */
export interface OwnTenant {
  id: string;
  name: string;
  slug: string;
  role: string;
  plan: string;
  status: string;
}

/** One that was made; its licence's key comes once, in this answer and the mail. */
export interface MadeTenant extends OwnTenant {
  license: { id: string; tier: string; status: string; key: string };
}

export const readTenantDetails = (answer: Claims): TenantDetails => ({
  id: readText(answer, 'id'),
  name: readText(answer, 'name', 1024),
  slug: readText(answer, 'slug'),
  plan: readText(answer, 'plan'),
  maxSeats: readNullable(answer, 'max_seats', readCount),
  maxMembers: readNullable(answer, 'max_members', readCount),
  status: readText(answer, 'status'),
  createdAt: readInstant(answer, 'created_at'),
  deletion: has(answer, 'deletion') ? readDeletion(asObject(answer['deletion'], 'deletion')) : null,
});

export const readDeletion = (answer: Claims): Deletion => ({
  askedAt: readInstant(answer, 'asked_at'),
  deletesAt: readInstant(answer, 'deletes_at'),
  askedBy: readText(answer, 'asked_by'),
});

export const readTenantSettings = (answer: Claims): TenantSettings => ({
  signUpMode: readOneOf(answer, 'sign_up_mode', ['invite_only', 'allowed_domains']),
  allowedDomains: readTexts(answer, 'allowed_domains', 1000),
  secondFactorRequired: readFlag(answer, 'second_factor_required'),
  heartbeatMode: readNullable(answer, 'heartbeat_mode', readText),
  retentionDays: readNullable(answer, 'retention_days', readCount),
  timeZone: readText(answer, 'time_zone'),
});

export const readRole = (answer: Claims): Role => ({
  name: readText(answer, 'name'),
  builtIn: readFlag(answer, 'built_in'),
  scopes: readNames(answer, 'scopes'),
});

export const readMember = (answer: Claims): Member => ({
  id: readText(answer, 'id'),
  userId: readText(answer, 'user_id'),
  email: readNullable(answer, 'email', (from, name) => readText(from, name, 320)),
  displayName: readNullable(answer, 'display_name', (from, name) => readText(from, name, 1024)),
  role: readText(answer, 'role'),
  createdAt: readInstant(answer, 'created_at'),
});

export const readOwnTenant = (answer: Claims): OwnTenant => ({
  id: readText(answer, 'id'),
  name: readText(answer, 'name', 1024),
  slug: readText(answer, 'slug'),
  role: readText(answer, 'role'),
  plan: readText(answer, 'plan'),
  status: readText(answer, 'status'),
});

export const readMadeTenant = (answer: Claims): MadeTenant => {
  const license = asObject(answer['license'], 'license');
  return {
    ...readOwnTenant(answer),
    license: {
      id: readText(license, 'id'),
      tier: readText(license, 'tier'),
      status: readText(license, 'status'),
      key: readText(license, 'key'),
    },
  };
};

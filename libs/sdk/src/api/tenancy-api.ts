import { readNothing } from './account-answers.js';
import type { Caller } from './caller.js';
import { ExportsApi } from './exports-api.js';
import {
  type Invitation,
  type InvitationPreview,
  type JoinedTenant,
  readInvitation,
  readInvitationPreview,
  readJoinedTenant,
} from './invitation-answers.js';
import {
  type Deletion,
  type MadeTenant,
  type Member,
  type OwnTenant,
  readDeletion,
  readMadeTenant,
  readMember,
  readOwnTenant,
  readRole,
  readTenantDetails,
  readTenantSettings,
  type Role,
  type TenantDetails,
  type TenantSettings,
} from './tenancy-answers.js';
import type { Call, Request } from './transport.js';

/** How many come with a page. */
interface ListOptions {
  limit?: number;
}

const V1 = '/api/v1';
const PAGE = 100;

/**
 * The organisation that the caller is signed in at, its people, and the caller's other organisations. What is dangerous
 * throws ReauthenticationRequired. Every method throws ApiError and nothing else; lists read page after page as they are
 * asked for.
 */
export class TenancyApi {
  /** All that the organisation owns, as a file. */
  readonly exports: ExportsApi;

  constructor(private readonly caller: Caller) {
    this.exports = new ExportsApi(caller);
  }

  tenant(): Promise<TenantDetails> {
    return this.ask('GET', '/tenant', readTenantDetails);
  }

  update(change: { name?: string; slug?: string }): Promise<TenantDetails> {
    return this.ask('PATCH', '/tenant', readTenantDetails, change);
  }

  settings(): Promise<TenantSettings> {
    return this.ask('GET', '/tenant/settings', readTenantSettings);
  }

  updateSettings(change: Partial<TenantSettings>): Promise<TenantSettings> {
    return this.ask('PATCH', '/tenant/settings', readTenantSettings, change);
  }

  /** Asks for the deletion, which comes after a time of grace. `slug`: once more, so that nobody does this by mistake. */
  delete(input: { slug: string }): Promise<Deletion> {
    return this.ask('DELETE', '/tenant', readDeletion, input);
  }

  /** Takes the deletion back. */
  restore(): Promise<void> {
    return this.ask('POST', '/tenant/restore', readNothing);
  }

  /** Makes another member the owner, and the caller what `role` says (`admin` when left out). */
  transfer(input: { membershipId: string; role?: string }): Promise<void> {
    return this.ask('POST', '/tenant/transfer', readNothing, input);
  }

  roles({ limit = PAGE }: ListOptions = {}): AsyncGenerator<Role, void, undefined> {
    return this.caller.list(`${V1}/tenant/roles`, limit, readRole);
  }

  /** A role of the organisation's own, of scopes that its maker has. */
  createRole(input: { name: string; scopes: readonly string[] }): Promise<Role> {
    return this.ask('POST', '/tenant/roles', readRole, input);
  }

  updateRole(name: string, change: { scopes: readonly string[] }): Promise<Role> {
    return this.ask('PATCH', `/tenant/roles/${encodeURIComponent(name)}`, readRole, change);
  }

  /** Throws `ROLE_IN_USE` while somebody has it. */
  deleteRole(name: string): Promise<void> {
    return this.ask('DELETE', `/tenant/roles/${encodeURIComponent(name)}`, readNothing);
  }

  members({ limit = PAGE }: ListOptions = {}): AsyncGenerator<Member, void, undefined> {
    return this.caller.list(`${V1}/tenant/members`, limit, readMember);
  }

  changeRole(membershipId: string, role: string): Promise<Member> {
    return this.ask('PATCH', `/tenant/members/${encodeURIComponent(membershipId)}`, readMember, { role });
  }

  /** Ends their sessions, seats and keys there, too; everywhere within two seconds. */
  removeMember(membershipId: string): Promise<void> {
    return this.ask('DELETE', `/tenant/members/${encodeURIComponent(membershipId)}`, readNothing);
  }

  /** Leaves the organisation that the caller is signed in at; the session is over. */
  leave(): Promise<void> {
    return this.ask('POST', '/tenant/leave', readNothing);
  }

  /** Those that wait for an answer. */
  invitations({ limit = PAGE }: ListOptions = {}): AsyncGenerator<Invitation, void, undefined> {
    return this.caller.list(`${V1}/tenant/invitations`, limit, readInvitation);
  }

  /** Sends a mail with a link by which this address joins, and no other. */
  invite(input: { email: string; role: string }): Promise<Invitation> {
    return this.ask('POST', '/tenant/invitations', readInvitation, input);
  }

  /** Another mail; the link of the one before is good for nothing. */
  resendInvitation(id: string): Promise<Invitation> {
    return this.ask('POST', `/tenant/invitations/${encodeURIComponent(id)}/resend`, readInvitation);
  }

  revokeInvitation(id: string): Promise<void> {
    return this.ask('DELETE', `/tenant/invitations/${encodeURIComponent(id)}`, readNothing);
  }

  /** What the token of a mail invites to; for whoever holds it. */
  previewInvitation(token: string): Promise<InvitationPreview> {
    return this.caller.call(call('POST', '/invitations/preview', readInvitationPreview, { token }));
  }

  declineInvitation(token: string): Promise<void> {
    return this.caller.call(call('POST', '/invitations/decline', readNothing, { token }));
  }

  /** Joins. For whose proved address the invitation is, at whatever organisation they are signed in. */
  acceptInvitation(token: string): Promise<JoinedTenant> {
    return this.ask('POST', '/invitations/accept', readJoinedTenant, { token });
  }

  /** The caller's organisations. */
  tenants({ limit = PAGE }: ListOptions = {}): AsyncGenerator<OwnTenant, void, undefined> {
    return this.caller.list(`${V1}/tenants`, limit, readOwnTenant);
  }

  /** Makes another one, with a licence, whose owner the caller is. */
  create(input: { organizationName: string }): Promise<MadeTenant> {
    return this.ask('POST', '/tenants', readMadeTenant, input);
  }

  /** Joins one that lets in whoever has a proved address of its domains. */
  join(input: { slug: string }): Promise<JoinedTenant> {
    return this.ask('POST', '/tenants/join', readJoinedTenant, input);
  }

  private ask<T>(method: Request['method'], path: string, read: Call<T>['read'], body?: object): Promise<T> {
    return this.caller.asBearer(call(method, path, read, body));
  }
}

const call = <T>(method: Request['method'], path: string, read: Call<T>['read'], body?: object): Call<T> => ({
  method,
  path: `${V1}${path}`,
  body,
  read,
});

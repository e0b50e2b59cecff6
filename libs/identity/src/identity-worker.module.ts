import { Module } from '@nestjs/common';
import { LicensingModule } from '#licensing';
import { TenancyModule } from '#tenancy';
import { AccountUpkeep } from './accounts/account-upkeep.js';
import { Budgets } from './accounts/budgets.js';
import { ClaimsPace } from './claims/claims-pace.js';
import { DescribeClaims } from './claims/describe-claims.js';
import { WriteClaims } from './claims/write-claims.js';
import { AnswerReset } from './handlers/answer-reset.js';
import { DisplaceClaimant } from './handlers/displace-claimant.js';
import { EndOutdatedSessions } from './handlers/end-outdated-sessions.js';
import { OutdateClaims } from './handlers/outdate-claims.js';
import { SendNewDeviceMail } from './handlers/send-new-device-mail.js';
import { SendAccountMail } from './handlers/send-account-mail.js';
import { SendIdentityMail } from './handlers/send-identity-mail.js';
import { WriteCustomClaims } from './handlers/write-custom-claims.js';
import { KeyCalendar } from './keys/key-calendar.js';
import { AddressChanges } from './persistence/address-changes.js';
import { Addresses } from './persistence/addresses.js';
import { AuthSessions } from './persistence/auth-sessions.js';
import { Identities } from './persistence/identities.js';
import { KnownDevices } from './persistence/known-devices.js';
import { MailTokens } from './persistence/mail-tokens.js';
import { PeopleRecords } from './persistence/people-records.js';
import { Passwords } from './persistence/passwords.js';
import { PendingIdentities } from './persistence/pending-identities.js';
import { SigningKeys } from './persistence/signing-keys.js';
import { TotpFactors } from './persistence/totp-factors.js';
import { UserDirectory } from './persistence/user-directory.js';
import { UserProfiles } from './persistence/user-profiles.js';
import { Users } from './persistence/users.js';
import { EndedSessions } from './sessions/ended-sessions.js';
import { PLACES } from './sessions/open-places.js';
import { SessionActivity } from './sessions/session-activity.js';
import { SessionNews } from './sessions/session-news.js';
import { MemberEpochs } from './tokens/epochs.js';
import { FirebaseAccounts } from './upstream/firebase-accounts.js';
import { FirebaseApp } from './upstream/firebase-app.js';
import { FirebaseCheck } from './upstream/firebase-check.js';
import { UpstreamAccounts } from './upstream/upstream-accounts.js';
import { DisplaceClaimants } from './use-cases/displace-claimants.js';
import { EndPersonSessions } from './use-cases/end-person-sessions.js';
import { ForgetPerson } from './use-cases/forget-person.js';
import { SweepUnverified } from './use-cases/sweep-unverified.js';
import { ReadContact } from './use-cases/read-contact.js';
import { RotateKeys } from './use-cases/rotate-keys.js';

/** What the worker needs of identity: whom to write to. It holds no key that signs tokens. */
@Module({ providers: [Users, ReadContact], exports: [ReadContact] })
export class IdentityContactModule {}

/** For the worker: the reactions, and rotation on schedule: names and states of keys, no private half of any. */
@Module({
  imports: [TenancyModule, LicensingModule],
  providers: [
    Users,
    Addresses,
    AddressChanges,
    Identities,
    PendingIdentities,
    MailTokens,
    SendAccountMail,
    SendIdentityMail,
    AnswerReset,
    EndOutdatedSessions,
    DisplaceClaimant,
    DisplaceClaimants,
    Budgets,
    FirebaseApp,
    FirebaseCheck,
    { provide: UpstreamAccounts, useClass: FirebaseAccounts },
    ClaimsPace,
    DescribeClaims,
    WriteClaims,
    WriteCustomClaims,
    OutdateClaims,
    AuthSessions,
    PLACES,
    SendNewDeviceMail,
    AccountUpkeep,
    SweepUnverified,
    ForgetPerson,
    EndPersonSessions,
    EndedSessions,
    SessionActivity,
    MemberEpochs,
    SessionNews,
    Passwords,
    TotpFactors,
    KnownDevices,
    UserProfiles,
    UserDirectory,
    SigningKeys,
    RotateKeys,
    KeyCalendar,
    PeopleRecords,
  ],
  exports: [PeopleRecords],
})
export class IdentityWorkerModule {}

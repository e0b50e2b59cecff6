import type { MigrationInterface, QueryRunner } from 'typeorm';
import { personalTable } from '#platform';

const ENDS = `'logout', 'logout_all', 'refresh_reuse', 'password_changed', 'password_reset', 'address_lost',
  'account_deleted', 'second_factor_enabled'`;
const PURPOSES = `'verify_email', 'reset_password', 'change_email_old', 'change_email_new'`;

/** The upstream identities that a person signs in with, and those that wait for a mailbox to say yes. */
export class Social1764000000050 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- What identities (the locator) cannot hold: it is read before anybody is known.
      create table identity.linked_identities (
        user_id text collate "C" not null,
        id text collate "C" not null,
        connection text collate "C" not null,
        subject text collate "C" not null,
        provider text not null,
        -- Who vouches, and the name of the account there: claims are written to it.
        issuer text collate "C" not null,
        account text collate "C" not null,
        email text not null,
        email_verified boolean not null,
        created_at timestamptz not null,
        last_used_at timestamptz,
        primary key (user_id, id),
        unique (user_id, connection, subject)
      );
      ${personalTable('identity.linked_identities', 'user_id', { app: 'select, insert, update, delete' })}

      -- Linked once the mail of this token was answered.
      create table identity.pending_identities (
        user_id text collate "C" not null,
        token_id text collate "C" not null,
        connection text collate "C" not null,
        subject text collate "C" not null,
        provider text not null,
        issuer text collate "C" not null,
        account text collate "C" not null,
        email text not null,
        primary key (user_id, token_id)
      );
      ${personalTable('identity.pending_identities', 'user_id', { app: 'select, insert, delete' })}

      alter table identity.mail_tokens drop constraint mail_tokens_purpose_check;
      alter table identity.mail_tokens add constraint mail_tokens_purpose_check check (purpose in (
        ${PURPOSES}, 'link_identity'));

      alter table identity.users drop constraint users_registered_with_check;
      alter table identity.users add constraint users_registered_with_check check (registered_with in (
        'upstream', 'upstream_unverified', 'password'));

      alter table identity.auth_sessions drop constraint auth_sessions_end_reason_check;
      alter table identity.auth_sessions add constraint auth_sessions_end_reason_check check (end_reason in (
        ${ENDS}, 'identity_unlinked'));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table identity.pending_identities, identity.linked_identities;
      delete from identity.mail_tokens where purpose = 'link_identity';
      alter table identity.mail_tokens drop constraint mail_tokens_purpose_check;
      alter table identity.mail_tokens add constraint mail_tokens_purpose_check check (purpose in (${PURPOSES}));
      update identity.users set registered_with = 'upstream' where registered_with = 'upstream_unverified';
      alter table identity.users drop constraint users_registered_with_check;
      alter table identity.users add constraint users_registered_with_check check (registered_with in ('upstream', 'password'));
      -- The old list has one word for it.
      update identity.auth_sessions set end_reason = 'logout_all' where end_reason = 'identity_unlinked';
      alter table identity.auth_sessions drop constraint auth_sessions_end_reason_check;
      alter table identity.auth_sessions add constraint auth_sessions_end_reason_check check (end_reason in (${ENDS}));
    `);
  }
}

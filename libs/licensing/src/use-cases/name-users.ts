import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, idOf, type Page, pageOf } from '#platform';
import { LicenseDirectory } from '../persistence/license-directory.js';
import { Licenses } from '../persistence/licenses.js';
import { LicenseUsers, type NamedUser } from '../persistence/license-users.js';
import { LicenseRef } from './alter-license.js';
import { LoadPoolPolicy } from './load-pool-policy.js';
import type { Place } from './place.js';

/** A policy holds the names and is read with every seat: at 30 bytes each this is 60 kB. */
export const NAMED_USERS_MAX = 2_000;

export const NamedUserInput = z.strictObject({ license: LicenseRef, userId: idOf('usr') });

export const NamedUsersInput = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: idOf('usr').optional(),
});

/**
 * Names the people who may use a licence, for operators and for the tenant's own admins. User ids are taken as they
 * are: whether somebody is a member is tenancy's to know, and who is none gets no token.
 */
@Injectable()
export class NameUsers {
  constructor(
    private readonly db: Db,
    private readonly licenses: Licenses,
    private readonly users: LicenseUsers,
    private readonly directory: LicenseDirectory,
    private readonly loadPolicy: LoadPoolPolicy,
    private readonly clock: Clock,
  ) {}

  /** Repeatable. Throws 403, 404, 409 `LICENSE_ENDED` or `NAMED_USERS_EXHAUSTED`. */
  async assign(actor: Actor, { license: ref, userId }: z.output<typeof NamedUserInput>): Promise<boolean> {
    const place = await this.placeFor(actor, ref);
    return this.changed(actor, place, async () => {
      const { license, row } = await this.licenses.lockWithRow(place.licenseId);
      const now = this.clock.now();
      license.assign(userId, now);
      if (!(await this.users.add(license.id, { userId, namedAt: now }))) return false;
      if (row.users.length >= NAMED_USERS_MAX) throw exhausted();
      await this.licenses.save(license);
      return true;
    });
  }

  /** Repeatable. Whether the person was named. Throws 403, 404. */
  async unassign(actor: Actor, { license: ref, userId }: z.output<typeof NamedUserInput>): Promise<boolean> {
    const place = await this.placeFor(actor, ref);
    return this.changed(actor, place, async () => {
      const license = await this.licenses.lock(place.licenseId);
      if (!(await this.users.remove(license.id, userId))) return false;
      license.unassign(userId, this.clock.now());
      await this.licenses.save(license);
      return true;
    });
  }

  /** Throws 403, 404. */
  async page(
    actor: Actor,
    licenseId: string,
    { limit, cursor }: z.output<typeof NamedUsersInput>,
  ): Promise<Page<NamedUser>> {
    const owner = actor.as({ tenantId: (await this.placeFor(actor, licenseId)).tenantId });
    await this.licenses.get(owner, licenseId);
    const rows = await this.users.page(owner, licenseId, cursor ?? null, limit + 1);
    return pageOf(rows, limit, ({ userId }) => userId);
  }

  private async placeFor(actor: Actor, ref: string): Promise<Place> {
    if (actor.type === 'operator') {
      actor.must('operator:licenses');
      return this.directory.place(ref);
    }
    actor.must('licenses:manage');
    return { tenantId: actor.tenantId ?? '', licenseId: ref };
  }

  private async changed(actor: Actor, place: Place, work: () => Promise<boolean>): Promise<boolean> {
    const owner = actor.as({ tenantId: place.tenantId });
    const isChanged = await this.db.transaction(owner, work);
    // The event does the same a moment later, also when Redis is away now.
    if (isChanged) await this.loadPolicy.execute(owner, place).catch(() => undefined);
    return isChanged;
  }
}

const exhausted = () =>
  new DomainError(
    'conflict',
    'NAMED_USERS_EXHAUSTED',
    `No more than ${NAMED_USERS_MAX} people can be named on a licence.`,
  );

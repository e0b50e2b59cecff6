import { Injectable } from '@nestjs/common';
import { type Actor, Db, newId } from '#platform';
import { FindUser, type ImportedPassword, ImportUser } from '#identity';
import { IssueLicense } from '#licensing';
import { AddMember, RegisterTenant, type Role } from '#tenancy';

export interface PersonToMake {
  email: string;
  emailVerified: boolean;
  displayName: string | null;
  password: ImportedPassword | null;
  /** A new organisation, which they own; or one that is there, and as what they are in it. */
  place: { organizationName: string } | { tenantId: string; role: Role };
}

export interface MadePerson {
  userId: string;
  tenantId: string;
  /** In the clear; null where the organisation was there. */
  licenseKey: string | null;
}

/** Thrown to take a transaction back. */
class AddressTaken extends Error {}

/** Makes a person that an operator knows of: account, and membership or organisation, in one transaction. */
@Injectable()
export class MakePerson {
  constructor(
    private readonly db: Db,
    private readonly findUser: FindUser,
    private readonly importUser: ImportUser,
    private readonly registerTenant: RegisterTenant,
    private readonly addMember: AddMember,
    private readonly issueLicense: IssueLicense,
  ) {}

  /** Null, and nothing made, when the address is somebody's, or claimed. Throws 404 for a tenant that is not there. */
  async execute(actor: Actor, person: PersonToMake): Promise<MadePerson | null> {
    actor.must('operator:users');
    if (await this.findUser.execute(actor, person.email)) return null;
    const { email, emailVerified, displayName, password, place } = person;
    const userId = newId('usr');
    const tenantId = 'tenantId' in place ? place.tenantId : newId('ten');
    const stored = password && (await this.importUser.prepare(userId, password));
    const owner = this.behalf(actor, userId, tenantId);
    try {
      const licenseKey = await this.db.transaction(owner, async () => {
        const user = { email, emailVerified, displayName, stored };
        if (!(await this.importUser.execute(user))) throw new AddressTaken();
        return this.settle(userId, emailVerified, place);
      });
      return { userId, tenantId, licenseKey };
    } catch (error) {
      if (error instanceof AddressTaken) return null;
      throw error;
    }
  }

  /** Makes somebody who is there a member of one more organisation; repeatable. Throws 404. */
  async join(actor: Actor, { userId, tenantId, role }: { userId: string; tenantId: string; role: Role }) {
    actor.must('operator:users');
    const person = this.behalf(actor, userId, tenantId);
    await this.db.transaction(person, () => this.addMember.execute(role));
  }

  /** The trail says whom it was done to, and by the reason who did it and why. */
  private behalf(actor: Actor, userId: string, tenantId: string): Actor {
    const reason = `By ${actor.id}: ${actor.reason}`;
    return actor.as({ type: 'user', id: userId, tenantId, reason, scopes: [] });
  }

  private async settle(
    userId: string,
    isProved: boolean,
    place: PersonToMake['place'],
  ): Promise<string | null> {
    if ('tenantId' in place) {
      await this.addMember.execute(place.role);
      return null;
    }
    await this.registerTenant.execute({ name: place.organizationName, ownerUserId: userId });
    const { key } = await this.issueLicense.execute({ issuedToUserId: userId, isProved });
    return key;
  }
}

import { Injectable } from '@nestjs/common';
import type { UpstreamPerson } from '../upstream/upstream-identity.js';
import { AccountsConfig } from './accounts.config.js';

/** Who wants to sign up, and whether an issuer says that the address is theirs. */
export type Applicant = Pick<UpstreamPerson, 'email' | 'emailVerified'> & {
  /** By address and password: nobody has said anything yet, and everything that counts waits for the proof. */
  byPassword: boolean;
};

/** Says who was invited, where only they may sign up. Invitations by organisations will be another one of these. */
export abstract class Invited {
  abstract admits(applicant: Applicant): Promise<boolean>;
}

/** Whoever has an address in one of the operator's domains. */
@Injectable()
export class InvitedDomains extends Invited {
  constructor(private readonly config: AccountsConfig) {
    super();
  }

  override async admits({ email, emailVerified, byPassword }: Applicant): Promise<boolean> {
    const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
    return (byPassword || emailVerified) && this.config.signUpDomains.includes(domain);
  }
}

import { Injectable } from '@nestjs/common';
import type { UpstreamPerson } from '../upstream/upstream-identity.js';
import { AccountsConfig } from './accounts.config.js';

/** Who wants to sign up, and whether an issuer says that the address is theirs. */
export type Applicant = Pick<UpstreamPerson, 'email' | 'emailVerified'> & {
  /** By address and password: nobody has said anything yet, and everything that counts waits for the proof. */
  byPassword: boolean;
  /** They hold the token of an organisation's invitation to this address. */
  invited?: true;
};

/** Says who was invited, where only they may sign up. */
export abstract class Invited {
  abstract admits(applicant: Applicant): Promise<boolean>;
}

/** Whoever an organisation has invited, or has an address in one of the operator's domains. */
@Injectable()
export class InvitedDomains extends Invited {
  constructor(private readonly config: AccountsConfig) {
    super();
  }

  override async admits({ email, emailVerified, byPassword, invited }: Applicant): Promise<boolean> {
    if (invited) return true;
    const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
    return (byPassword || emailVerified) && this.config.signUpDomains.includes(domain);
  }
}

import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '#platform';
import { FirebaseApp } from './firebase-app.js';
import { UpstreamAccounts } from './upstream-accounts.js';

/** Says at start, not at the first sign-up, that Google does not take the worker's credentials. */
@Injectable()
export class FirebaseCheck implements OnApplicationBootstrap {
  constructor(
    private readonly firebase: FirebaseApp,
    private readonly accounts: UpstreamAccounts,
    private readonly log: Log,
  ) {}

  /** The start does not wait for it: while Google is away the worker does the rest of its work. */
  onApplicationBootstrap(): void {
    if (this.accounts.issuer) void this.check();
  }

  private async check(): Promise<void> {
    try {
      await this.firebase.checkCredentials();
    } catch (error) {
      this.log.error(
        { error },
        'Firebase does not take FIREBASE_CREDENTIALS: no claims can be written until it does.',
      );
    }
  }
}

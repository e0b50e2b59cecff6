import { Module } from '@nestjs/common';
import { LicensingModule } from '#licensing';
import { TenancyModule } from '#tenancy';
import { AuthSession } from './domain/auth-session.js';
import { User } from './domain/user.js';
import { AccessTokenStrategy } from './http/access-token.strategy.js';
import { AuthController } from './http/auth.controller.js';
import { JwksController } from './http/jwks.controller.js';
import { AuthSessions } from './persistence/auth-sessions.js';
import { Users } from './persistence/users.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { FirebaseIdentity } from './upstream/firebase-identity.js';
import { UpstreamIdentity } from './upstream/upstream-identity.js';
import { EndSessions } from './use-cases/end-sessions.js';
import { IssueTokens } from './use-cases/issue-tokens.js';
import { ReadContact } from './use-cases/read-contact.js';
import { RefreshSession } from './use-cases/refresh-session.js';
import { RegisterUser } from './use-cases/register-user.js';
import { SignIn } from './use-cases/sign-in.js';
import { StartSession } from './use-cases/start-session.js';

export const IDENTITY_ENTITIES = [User, AuthSession];

@Module({
  imports: [TenancyModule, LicensingModule],
  controllers: [AuthController, JwksController],
  providers: [
    Users,
    AuthSessions,
    AccessTokens,
    AccessTokenStrategy,
    { provide: UpstreamIdentity, useClass: FirebaseIdentity },
    IssueTokens,
    StartSession,
    SignIn,
    RegisterUser,
    RefreshSession,
    EndSessions,
  ],
  exports: [UpstreamIdentity, IssueTokens, StartSession, SignIn, RegisterUser],
})
export class IdentityModule {}

/** What the worker needs of identity: whom to write to. It holds no key that signs tokens. */
@Module({ providers: [Users, ReadContact], exports: [ReadContact] })
export class IdentityContactModule {}

import { eventually } from './eventually.js';
import { mailsTo, tokenIn } from './mail.js';
import {
  type Answer,
  call,
  type ErrorBody,
  newEmail,
  PASSWORD,
  refusal,
  type RegisteredBody,
  signUp,
  succeed,
} from './person.js';
import type { Product } from './product.js';

/** Somebody who is signed in. */
export type Somebody = Pick<RegisteredBody, 'user' | 'tenant' | 'access_token' | 'refresh_token'>;

export interface MemberBody {
  id: string;
  user_id: string;
  email: string;
  display_name: string | null;
  role: string;
}

export interface InvitationBody {
  id: string;
  email: string;
  role: string;
  status: string;
  invited_by: string;
  expires_at: string;
}

type Options = Omit<NonNullable<Parameters<typeof call>[1]>, 'bearer'>;

/** What several journeys do with an organisation and its people. */
export function teamOf(product: Product) {
  const at = (path: string) => `${product.v1}${path}`;
  const team = {
    /** What the API answers somebody. */
    ask: <T>(who: Pick<Somebody, 'access_token'>, path: string, options: Options = {}): Promise<T> =>
      succeed<T>(at(path), { ...options, bearer: who.access_token }),
    /** Status and code of what the API refuses somebody. */
    refused: async (who: Pick<Somebody, 'access_token'>, path: string, options: Options = {}) =>
      refusal(await call<ErrorBody>(at(path), { ...options, bearer: who.access_token })),
    /** The owner of a new organisation, on a plan that has room. */
    owner: async (plan = 'TEAM', email?: string): Promise<RegisteredBody> => {
      const owner = await signUp(product.api.url, { email });
      if (plan !== 'FREE') await team.changePlan(owner, plan);
      return team.refreshed(owner);
    },
    changePlan: async (owner: RegisteredBody, plan: string): Promise<void> => {
      await product.admin('license', 'change-plan', owner.license.id, '--plan', plan, '--reason', 'Test.');
      await eventually(async () => {
        expect((await team.ask<{ plan: string }>(owner, '/tenant')).plan).toBe(plan);
      });
    },
    /** The same session with tokens that say what holds now. */
    refreshed: async <S extends Pick<Somebody, 'refresh_token'>>(who: S): Promise<S> => {
      const body = { refresh_token: who.refresh_token };
      return { ...who, ...(await succeed<object>(at('/auth/refresh'), { body })) };
    },
    invite: (by: Somebody, role: string, email = newEmail()): Promise<InvitationBody> =>
      team.ask(by, '/tenant/invitations', { body: { email, role } }),
    /** The token of the newest invitation among so many mails. */
    tokenTo: (email: string, count = 1): Promise<string> =>
      // A welcome may be there before it.
      eventually(async () =>
        tokenIn((await mailsTo(email, count)).findLast(({ text }) => text.includes('/invite#'))),
      ),
    /** Signs up with the token of an invitation. */
    signUpInvited: (email: string, token: string): Promise<Answer<RegisteredBody & ErrorBody>> =>
      call(at('/auth/register'), { body: { email, password: PASSWORD, invitation_token: token } }),
    /** Somebody new who was invited and has come. */
    member: async (by: Somebody, role: string): Promise<Somebody & MemberBody> => {
      const { email } = await team.invite(by, role);
      const { status, body } = await team.signUpInvited(email, await team.tokenTo(email));
      expect([status, body.error?.code]).toEqual([201, undefined]);
      const member = (await team.members(by)).find((one) => one.email === email)!;
      return { ...body, ...member };
    },
    members: async (who: Somebody): Promise<MemberBody[]> =>
      (await team.ask<{ data: MemberBody[] }>(who, '/tenant/members?limit=100')).data,
  };
  return team;
}

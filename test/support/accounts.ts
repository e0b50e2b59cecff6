import { mailsTo, tokenIn } from './mail.js';
import {
  type Answer,
  call,
  type ErrorBody,
  newEmail,
  PASSWORD,
  type RegisteredBody,
  signUpByPassword,
} from './person.js';
import type { Product } from './product.js';

/** The bodies that the routes of accounts answer with, all in one. */
export type AccountBody = RegisteredBody & ErrorBody & { status: string; revoked: number; secret: string };

/** The routes of accounts, as people with passwords use them. */
export function accountsOf(product: Product) {
  const post = (path: string, body: object, bearer?: string): Promise<Answer<AccountBody>> =>
    call(`${product.v1}/auth/${path}`, { body, bearer });
  const register = (email?: string, password?: string) => signUpByPassword(product.api.url, email, password);
  const verify = (token: string) => post('email/verify', { token });
  return {
    post,
    register,
    verify,
    login: (email: string, password = PASSWORD) => post('login', { email, password }),
    refresh: (session: { refresh_token: string }) =>
      post('refresh', { refresh_token: session.refresh_token }),

    /** Somebody with a password whose address is proved. */
    async verified(email = newEmail()): Promise<RegisteredBody> {
      const made = await register(email);
      const [mail] = await mailsTo(email);
      expect((await verify(tokenIn(mail))).body.status).toBe('verified');
      return made;
    },

    /** Asks for a new password; gives the token of the mail. */
    async forgot(email: string, mailsBefore: number): Promise<string> {
      expect((await post('password/forgot', { email })).body).toEqual({ status: 'accepted' });
      return tokenIn((await mailsTo(email, mailsBefore + 1)).at(-1));
    },
  };
}

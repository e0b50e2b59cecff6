import { Injectable } from '@nestjs/common';
import { InvitePeople, type Preview } from '#onboarding';
import { clearCookie, cookieIn, DomainError, html, type Html, setCookie } from '#platform';
import type { Visit } from '../pages.js';

const COOKIE = '__Host-gatehouse-invitation';
/** Long enough to sign up, or in, on the way. */
const HELD_SECONDS = 3_600;

export interface HeldInvitation {
  token: string;
  preview: Preview;
}

/** Names the invitation in a form that answers it: a link in another tab may have put another one in its place since. */
export const invitationField = ({ invitation }: Preview): Html =>
  html`<input type="hidden" name="invitation_id" value="${invitation.id}" />`;

/** Whether a form answers the invitation that is held now, or none where none is. */
export const isTheOneRead = ({ sent }: Visit, held: HeldInvitation | null): boolean =>
  (sent.invitation_id ?? null) === (held?.preview.invitation.id ?? null);

/** The invitation that a browser holds, from its link until it is answered: signing in is on the way. */
@Injectable()
export class HeldInvitations {
  constructor(private readonly people: InvitePeople) {}

  /** Null for none, and for one that is good no more. */
  async find(visit: Visit): Promise<HeldInvitation | null> {
    const token = cookieIn(visit.request, COOKIE);
    const preview = token && (await this.preview(visit, token));
    return token && preview ? { token, preview } : null;
  }

  /** False for a token that opens nothing. */
  async hold(visit: Visit, token: string): Promise<boolean> {
    if (!(await this.preview(visit, token))) return false;
    setCookie(visit.reply, COOKIE, token, HELD_SECONDS);
    return true;
  }

  release({ reply }: Visit): void {
    clearCookie(reply, COOKIE);
  }

  private preview({ nobody, visitor }: Visit, token: string): Promise<Preview | null> {
    return this.people.preview(visitor?.actor ?? nobody, token).catch((error: unknown) => {
      if (error instanceof DomainError && error.kind === 'gone') return null;
      throw error;
    });
  }
}

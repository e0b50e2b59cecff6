import { Invitation, statusAt } from './invitation.js';

const NOW = new Date('2026-11-22T12:00:00Z');
const LATER = new Date('2026-11-29T12:00:00Z');
const made = () =>
  Invitation.create(
    {
      tenantId: 'ten_01k9zq6mwee4rr8q3fjz6c1v2d',
      email: 'ada@acme.example',
      role: 'developer',
      invitedBy: 'usr_01k9zq6mwee4rr8q3fjz6c1v2d',
      expiresAt: LATER,
    },
    NOW,
  );
const names = (invitation: Invitation) => invitation.takeEvents().map(({ name }) => name);

describe('an invitation', () => {
  it('is accepted once, by one person', () => {
    const invitation = made();
    invitation.accept('usr_01k9zq6mwee4rr8q3fjz6c1v2e', NOW);
    expect(invitation).toMatchObject({ status: 'accepted', acceptedBy: 'usr_01k9zq6mwee4rr8q3fjz6c1v2e' });
    expect(names(invitation)).toEqual(['tenancy.invitation.created', 'tenancy.invitation.accepted']);
    expect(() => invitation.accept('usr_01k9zq6mwee4rr8q3fjz6c1v2f', NOW)).toThrow(
      expect.objectContaining({ code: 'INVITATION_GONE' }),
    );
    expect(() => invitation.revoke('revoked', NOW)).toThrow(
      expect.objectContaining({ code: 'INVITATION_ENDED' }),
    );
  });

  it('runs out at its time, and begins anew when it is sent again', () => {
    const invitation = made();
    expect(statusAt(invitation, new Date(LATER.getTime() - 1))).toBe('pending');
    expect(statusAt(invitation, LATER)).toBe('expired');
    expect(() => invitation.accept('usr_01k9zq6mwee4rr8q3fjz6c1v2e', LATER)).toThrow();
    expect(() => invitation.decline(LATER)).toThrow();

    const muchLater = new Date('2026-12-06T12:00:00Z');
    invitation.resend('usr_01k9zq6mwee4rr8q3fjz6c1v2g', muchLater, LATER);
    expect(invitation).toMatchObject({ generation: 2, invitedBy: 'usr_01k9zq6mwee4rr8q3fjz6c1v2g' });
    expect(invitation.isOpen(LATER)).toBe(true);
  });

  it.each(['revoke', 'decline', 'expire'] as const)('cannot be accepted after %s', (verb) => {
    const invitation = made();
    if (verb === 'revoke') invitation.revoke('revoked', NOW);
    else invitation[verb](NOW);
    expect(invitation.endedAt).toEqual(NOW);
    expect(() => invitation.accept('usr_01k9zq6mwee4rr8q3fjz6c1v2e', NOW)).toThrow();
    expect(() => invitation.resend('usr_01k9zq6mwee4rr8q3fjz6c1v2e', LATER, NOW)).toThrow();
  });
});

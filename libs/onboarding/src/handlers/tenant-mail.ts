import { html } from '#platform';

/** What an organisation's owners are written about it. Instants are UTC. */
export type TenantMail =
  | { kind: 'export_ready'; until: Date }
  | { kind: 'export_failed'; failure: string }
  | { kind: 'deletion_asked'; deletesAt: Date }
  | { kind: 'tenant_restored' }
  | { kind: 'tenant_deleted' };

const dayOf = (instant: Date) => `${instant.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** What stands in it, a paragraph each. */
function paragraphs(organization: string, mail: TenantMail): { subject: string; text: string[] } {
  switch (mail.kind) {
    case 'export_ready':
      return {
        subject: `The export of ${organization} is ready`,
        text: [
          `The file with everything that ${organization} owns is ready. Sign in to fetch it.`,
          `It is kept until ${dayOf(mail.until)}.`,
          'If you did not ask for it, end your sessions and tell the other owners.',
        ],
      };
    case 'export_failed':
      return {
        subject: `The export of ${organization} could not be made`,
        text: [
          mail.failure === 'TOO_LARGE'
            ? `The file with everything that ${organization} owns would be larger than it may be here. Ask who runs this service.`
            : `The file with everything that ${organization} owns could not be made. Ask for it again, or ask who runs this service.`,
        ],
      };
    case 'deletion_asked':
      return {
        subject: `${organization} is going to be deleted`,
        text: [
          `An owner of ${organization} has asked to delete it. On ${dayOf(mail.deletesAt)} everything that it owns is erased: members, licences, seats, keys, the trail.`,
          'Until then it works as before, every owner can take this back, and everything can be exported.',
        ],
      };
    case 'tenant_restored':
      return {
        subject: `${organization} stays`,
        text: [`An owner of ${organization} has taken its deletion back.`],
      };
    case 'tenant_deleted':
      return {
        subject: `${organization} was deleted`,
        text: [
          `${organization} was deleted, as one of its owners had asked. Nobody can sign in to it any more, and everything that it owned is being erased.`,
          'Your account is yours and stays.',
        ],
      };
  }
}

/** A mail to an owner of an organisation. */
export function tenantMail(organization: string, name: string | null, mail: TenantMail) {
  const { subject, text } = paragraphs(organization, mail);
  const greeting = name ? `Hello ${name},` : 'Hello,';
  const all = [greeting, ...text];
  return { subject, text: all.join('\n\n'), html: html`${all.map((one) => html`<p>${one}</p>`)}`.toString() };
}

/**
 * Who may ask whom at once, instead of listening to events: a context imports another's front door only with a line
 * here, and only what the line names (modules and types come along). Each line is a coupling to defend in review; the
 * lines together must form no cycle.
 */
export interface Question {
  from: string;
  to: string;
  asks: readonly string[];
  why: string;
}

export const QUESTIONS: readonly Question[] = [
  {
    from: 'tenancy',
    to: 'licensing',
    asks: ['ReadLicenses'],
    why: 'How many people a tenant lets in is what its licence says at the moment it is asked, not what an event said.',
  },
  {
    from: 'identity',
    to: 'tenancy',
    asks: ['DescribeMembership'],
    why: 'A token carries the role and scopes that hold at the moment it is signed.',
  },
  {
    from: 'identity',
    to: 'tenancy',
    asks: ['scopesUnder'],
    why: 'What a role comes to under a plan is one table, for tokens of people and of programs.',
  },
  {
    from: 'identity',
    to: 'tenancy',
    asks: ['DescribeTenant'],
    why: 'A service account stands with its organisation, and may do no more than a role there can.',
  },
  {
    from: 'identity',
    to: 'tenancy',
    asks: ['SuspendedTenants'],
    why: 'Every bearer of a suspended organisation is refused, and no request may cost a read for that.',
  },
  {
    from: 'identity',
    to: 'tenancy',
    asks: ['ListTenants'],
    why: 'What concerns a person (a new password, a lost address) concerns their sessions in every tenant.',
  },
  {
    from: 'identity',
    to: 'tenancy',
    asks: ['LeaveAll'],
    why: 'An account that is deleted leaves its organisations in the same transaction, and none of them without an owner.',
  },
  {
    from: 'identity',
    to: 'tenancy',
    asks: ['ListMembers'],
    why: 'What changes for an organisation (its plan, its licence) changes the claims in all of its people’s tokens.',
  },
  {
    from: 'identity',
    to: 'licensing',
    asks: ['ReadLicenses'],
    why: 'The answer to a sign-in says which licence the person has.',
  },
  {
    from: 'billing',
    to: 'tenancy',
    asks: ['DescribeTenant'],
    why: 'What Stripe says whose a customer is may name nobody; and a customer there is called like the organisation.',
  },
  {
    from: 'billing',
    to: 'identity',
    asks: ['ReadContact', 'EmailAddress'],
    why: 'Stripe writes its receipts to the address of whoever buys, or to one that is named: an address is what identity says.',
  },
  {
    from: 'billing',
    to: 'licensing',
    asks: ['ReadLicenses', 'shownStatus'],
    why: 'A stream of what was bought begins with the licences as they are, and tells them as they are: an event says only which.',
  },
  {
    from: 'onboarding',
    to: 'billing',
    asks: ['ChooseTrial'],
    why: 'How long a trial somebody wishes for is said when they sign up, and kept with the tenant or not at all.',
  },
  {
    from: 'onboarding',
    to: 'billing',
    asks: ['ReadBillingContacts'],
    why: 'A mail about money goes to whom the organisation names at the moment it is sent.',
  },
  {
    from: 'billing',
    to: 'tenancy',
    asks: ['DescribePayers'],
    why: 'Where nobody is named for receipts they go to one of those who pay, whoever that is then.',
  },
];

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
    from: 'identity',
    to: 'tenancy',
    asks: ['DescribeMembership'],
    why: 'A token carries the role and scopes that hold at the moment it is signed.',
  },
  {
    from: 'identity',
    to: 'licensing',
    asks: ['ReadLicenses'],
    why: 'The answer to a sign-in says which licence the person has.',
  },
];

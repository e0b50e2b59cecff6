import type { TenantRecord } from '#platform';

/** What a tenant takes along of what it bought; invoices are Stripe's, who keeps them as the law wants. */
export const TENANT_RECORDS: readonly TenantRecord[] = [
  {
    table: 'billing.accounts',
    kind: 'billing_account',
    key: [],
    columns: [
      'customer_id',
      'facts',
      'contract',
      'standing',
      'trial_used_at',
      'revision',
      'changed_at',
      'looked_at',
      'created_at',
    ],
    withheld: {
      ticket: 'A number of ours, by which an older look is told from a newer one.',
      due_at: 'When a worker looks again.',
      due_attempts: 'How often a worker has looked in vain.',
      swept_at: 'When we last compared it with Stripe.',
    },
  },
  { table: 'billing.checkouts', withheld: 'The address of a page of Stripe that is open for a day at most.' },
  { table: 'billing.effects', withheld: 'Which mails were sent; the trail tells of them.' },
  {
    table: 'billing.usage_ledger',
    kind: 'billed_use',
    key: ['id'],
    columns: [
      'id',
      'meter',
      'use_key',
      'amount',
      'used_at',
      'recorded_at',
      'status',
      'customer_id',
      'sent_at',
      'failure',
      'settled_at',
    ],
    withheld: {
      attempts: 'How often a worker has tried to tell Stripe.',
      next_at: 'When a worker tries again.',
    },
  },
  {
    table: 'billing.stream_events',
    withheld: 'What was told live, for a while; the account and the trail have it.',
  },
  { table: 'billing.stream_heads', withheld: 'How far that is.' },
  { table: 'billing.stripe_writes', withheld: 'How we asked Stripe; what came of it is in the account.' },
  { table: 'billing.drift', withheld: 'Where Stripe and we disagreed; what it came to is in the account.' },
  { table: 'billing.stripe_customers', withheld: 'The same pair stands in the account.' },
  { table: 'billing.stripe_events', withheld: 'What Stripe told us; what it comes to is in the account.' },
];

import type Stripe from 'stripe';
import { paramsOf } from '../form.js';
import { endpoint } from '../router.js';
import type { Wire } from '../wire.js';

/** https://docs.stripe.com/api/accounts/object */
const ACCOUNT: Omit<Wire<Stripe.Account>, 'id'> = {
  object: 'account',
  business_type: 'company',
  charges_enabled: true,
  country: 'US',
  created: 1_700_000_000,
  default_currency: 'usd',
  details_submitted: true,
  email: 'billing@example.com',
  metadata: {},
  payouts_enabled: true,
  type: 'standard',
};

export const account = [
  endpoint(
    'GET',
    '/v1/account',
    paramsOf<Stripe.AccountRetrieveParams>()({}),
    (books): Wire<Stripe.Account> => ({
      id: books.account,
      ...ACCOUNT,
    }),
  ),
];

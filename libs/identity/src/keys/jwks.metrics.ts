import { Counter } from 'prom-client';

/** How often the JWKS is asked for, and how often the asker had it already (S2-21). */
export const jwksRequests = new Counter({ name: 'jwks_requests_total', help: 'Requests for the JWKS.' });

export const jwksNotModified = new Counter({
  name: 'jwks_not_modified_total',
  help: 'Requests for the JWKS that were answered 304.',
});

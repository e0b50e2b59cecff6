/** The program behind the part `stripe`: a Stripe of this machine's own. What it shall be is JSON in LOCAL_STRIPE. */
import { LocalStripe } from './stripe/local-stripe.js';
import type { LocalStripeOptions } from './stripe/local-stripe.js';

const stripe = await LocalStripe.start(JSON.parse(process.env.LOCAL_STRIPE ?? '{}') as LocalStripeOptions);

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void stripe.stop().then(() => process.exit(0)));
process.send?.({ type: 'ready', url: stripe.url });
process.channel?.unref();

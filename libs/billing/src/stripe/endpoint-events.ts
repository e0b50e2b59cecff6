import type Stripe from 'stripe';
import { HANDLED_TYPES } from '../applying/dispatch.js';

type EnabledEvent = Stripe.WebhookEndpointCreateParams.EnabledEvent;

/** Of what we handle, what Stripe tells as thin events alone: an endpoint for snapshots cannot ask for it. */
const THIN_ALONE =
  /^(billing\.meter\.(error_report_triggered|no_meter_found)|customer\.discount\.source_changed|customer\.subscription\.(active|cancel_at_changed|default_payment_method_changed|incomplete|incomplete_expired|item_\w+|past_due|trialing|unpaid)|invoice\.(discount|line_item)_\w+|invoice_payment\.(canceled|open)|subscription_schedule\.phase_\w+)$/;

/** What our endpoint asks Stripe for, sorted: all that changes something here. */
export const ENDPOINT_EVENTS = [...HANDLED_TYPES]
  .filter((type) => !THIN_ALONE.test(type))
  .sort() as readonly EnabledEvent[];

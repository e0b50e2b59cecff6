import type Stripe from 'stripe';
import { HANDLED_TYPES } from '../applying/dispatch.js';

type EnabledEvent = Stripe.WebhookEndpointCreateParams.EnabledEvent;

/** Of what we handle, what Stripe tells as thin events alone: an endpoint for snapshots cannot ask for it. */
const THIN_ALONE =
  /^(billing\.meter\.(error_report_triggered|no_meter_found)|customer\.discount\.source_changed|customer\.subscription\.(active|cancel_at_changed|default_payment_method_changed|incomplete|incomplete_expired|item_\w+|past_due|trialing|unpaid)|invoice\.(discount|line_item)_\w+|invoice_payment\.(canceled|open)|subscription_schedule\.phase_\w+)$/;

/** `type`: one that we handle, without `v1.`. */
export const isThinAlone = (type: string): boolean => THIN_ALONE.test(type);

/** What our endpoint asks Stripe for, sorted: all that changes something here. */
export const ENDPOINT_EVENTS = [...HANDLED_TYPES]
  .filter((type) => !isThinAlone(type))
  .sort() as readonly EnabledEvent[];

/** What our destination for thin events asks for, sorted: the rest of what we handle, which no snapshot tells. */
export const THIN_EVENTS: readonly string[] = [...HANDLED_TYPES]
  .filter(isThinAlone)
  .map((type) => `v1.${type}`)
  .sort();

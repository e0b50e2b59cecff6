/**
 * Every type of event that the pinned version of Stripe's library knows, by family: the words behind the last dot. Thin
 * events (docs.stripe.com/event-destinations#thin-events) have the same names behind `v1.`, and those of `v2.` besides.
 */
type Families = Readonly<Record<string, string>>;

/** What may change what a customer has, owes or sees: the customer is looked at again. */
const HANDLED: Families = {
  // About uses, of no customer in particular: hear-meter-errors.ts.
  'billing.meter': 'error_report_triggered no_meter_found',
  charge: 'refunded',
  'charge.dispute': 'closed created funds_reinstated funds_withdrawn updated',
  'charge.refund': 'updated',
  'checkout.session': 'async_payment_failed async_payment_succeeded completed expired',
  credit_note: 'created updated voided',
  customer: 'created deleted updated',
  'customer.discount': 'created deleted source_changed updated',
  'customer.subscription':
    'active cancel_at_changed created default_payment_method_changed deleted incomplete incomplete_expired item_added item_price_changed item_quantity_changed item_removed item_tax_rates_changed past_due paused pending_update_applied pending_update_expired resumed trial_will_end trialing unpaid updated',
  'customer.tax_id': 'created deleted updated',
  invoice:
    'created deleted discount_added discount_removed finalization_failed finalized line_item_added line_item_pricing_changed line_item_quantity_changed line_item_removed marked_uncollectible overdue overpaid paid payment_action_required payment_attempt_required payment_failed payment_succeeded sent updated voided will_be_due',
  invoice_payment: 'canceled open paid',
  payment_method: 'attached automatically_updated detached updated',
  refund: 'created failed updated',
  subscription_schedule:
    'aborted canceled completed created expiring phase_added phase_default_tax_rates_changed phase_end_date_changed phase_removed phase_trial_end_changed released updated',
  'test_helpers.test_clock': 'ready',
};

/** What changes nothing for anybody here: kept, and not applied. */
const IGNORED: Families = {
  account: 'updated',
  'account.application': 'authorized deauthorized',
  'account.external_account': 'created deleted updated',
  application_fee: 'created refunded',
  'application_fee.refund': 'updated',
  'apps.install': 'created deleted updated',
  balance: 'available',
  balance_settings: 'updated',
  'billing.alert': 'triggered',
  'billing.credit_balance_transaction': 'created',
  'billing.credit_grant': 'created updated',
  'billing.meter': 'created deactivated reactivated updated',
  'billing_portal.configuration': 'created updated',
  'billing_portal.session': 'created',
  capability: 'updated',
  cash_balance: 'funds_available',
  charge: 'captured expired failed pending succeeded updated',
  'climate.order': 'canceled created delayed delivered product_substituted',
  'climate.product': 'created pricing_updated',
  coupon: 'created deleted updated',
  'customer.source': 'created deleted expiring updated',
  customer_cash_balance_transaction: 'created',
  'entitlements.active_entitlement_summary': 'entitlement_added entitlement_removed updated',
  file: 'created',
  'financial_connections.account':
    'account_numbers_updated balance_refresh_failed balance_refresh_succeeded created deactivated disconnected expected_deactivation_date_updated inferred_balances_refresh_failed inferred_balances_refresh_succeeded ownership_refresh_failed ownership_refresh_succeeded reactivated refreshed_balance refreshed_ownership refreshed_transactions risk_intelligence_refresh_failed risk_intelligence_refresh_succeeded supported_payment_method_types_updated transactions_refresh_failed transactions_refresh_succeeded upcoming_account_number_expiry upcoming_deactivation',
  'financial_connections.authorization': 'expected_deactivation_date_updated upcoming_deactivation',
  'identity.verification_session': 'canceled created processing redacted requires_input verified',
  invoice: 'upcoming',
  invoiceitem: 'amount_changed created deleted discount_added discount_removed',
  issuing_authorization: 'created request updated',
  issuing_card: 'created updated',
  issuing_cardholder: 'created updated',
  issuing_dispute: 'closed created funds_reinstated funds_rescinded submitted updated',
  issuing_personalization_design: 'activated deactivated rejected updated',
  issuing_token: 'created updated',
  issuing_transaction: 'created purchase_details_receipt_updated updated',
  mandate: 'updated',
  payment_intent:
    'amount_capturable_updated canceled created partially_funded payment_failed processing requires_action succeeded',
  payment_link: 'created updated',
  payout: 'canceled created failed paid reconciliation_completed updated',
  person: 'created deleted updated',
  plan: 'created deleted updated',
  price: 'activated created deactivated deleted lookup_key_changed tax_behavior_changed updated',
  product: 'activated created deactivated default_price_changed deleted tax_code_changed updated',
  promotion_code: 'created fully_redeemed updated',
  quote: 'accepted canceled created finalized',
  'radar.early_fraud_warning': 'created updated',
  'reporting.report_run': 'failed succeeded',
  'reporting.report_type': 'updated',
  'reserve.hold': 'created updated',
  'reserve.plan': 'created disabled expired updated',
  'reserve.release': 'created',
  review: 'closed opened',
  setup_intent: 'canceled created requires_action setup_failed succeeded',
  'sigma.scheduled_query_run': 'created',
  source: 'canceled chargeable failed mandate_notification refund_attributes_required',
  'source.transaction': 'created updated',
  'tax.settings': 'updated',
  tax_rate: 'created updated',
  'terminal.reader': 'action_failed action_succeeded action_updated',
  'test_helpers.test_clock': 'advancing created deleted internal_failure',
  'three_d_secure.authentication':
    'canceled challenge_started errored failed requires_challenge requires_submission succeeded',
  topup: 'canceled created failed reversed succeeded',
  transfer: 'created reversed updated',
  'treasury.credit_reversal': 'created posted',
  'treasury.debit_reversal': 'completed created initial_credit_granted',
  'treasury.financial_account': 'closed created features_status_updated',
  'treasury.inbound_transfer': 'canceled created failed succeeded',
  'treasury.outbound_payment':
    'canceled created expected_arrival_date_updated failed posted returned tracking_details_updated',
  'treasury.outbound_transfer':
    'canceled created expected_arrival_date_updated failed posted returned tracking_details_updated',
  'treasury.received_credit': 'created failed succeeded',
  'treasury.received_debit': 'created',
  'v2.commerce.product_catalog.imports': 'failed processing succeeded succeeded_with_errors',
  'v2.core.account': 'closed created updated',
  'v2.core.account[configuration.customer]': 'capability_status_updated updated',
  'v2.core.account[configuration.merchant]': 'capability_status_updated updated',
  'v2.core.account[configuration.recipient]': 'capability_status_updated updated',
  'v2.core.account[defaults]': 'updated',
  'v2.core.account[future_requirements]': 'updated',
  'v2.core.account[identity]': 'updated',
  'v2.core.account[requirements]': 'updated',
  'v2.core.account_link': 'returned',
  'v2.core.account_person': 'created deleted updated',
  'v2.core.event_destination': 'ping',
  'v2.money_management.adjustment': 'created',
  'v2.money_management.financial_account': 'created updated',
  'v2.money_management.financial_address': 'activated failed',
  'v2.money_management.inbound_transfer':
    'available bank_debit_failed bank_debit_processing bank_debit_queued bank_debit_returned bank_debit_succeeded',
  'v2.money_management.outbound_payment': 'canceled created failed posted returned under_review updated',
  'v2.money_management.payout_intent': 'canceled created pending posted processing requires_action updated',
  'v2.money_management.payout_method': 'created updated',
  'v2.money_management.received_credit': 'available failed returned succeeded',
  'v2.money_management.recipient_verification': 'created updated',
  'v2.money_management.transaction': 'created updated',
};

const namesOf = (families: Families): ReadonlySet<string> =>
  new Set(
    Object.entries(families).flatMap(([family, words]) =>
      words.split(' ').map((word) => `${family}.${word}`),
    ),
  );

export const HANDLED_TYPES = namesOf(HANDLED);
export const IGNORED_TYPES = namesOf(IGNORED);

/** A thin event of something that snapshots tell as well is called like that here. */
export const plainType = (type: string): string => type.replace(/^v1\./, '');

/** What becomes of an event of this type; `unknown`: a newer Stripe than ours speaks, which must hurt nobody. */
export function dispatch(type: string): 'handled' | 'ignored' | 'unknown' {
  const plain = plainType(type);
  if (HANDLED_TYPES.has(plain)) return 'handled';
  return IGNORED_TYPES.has(plain) ? 'ignored' : 'unknown';
}

/** Whether it tells of something that was paid and is taken back: then the charges are looked at, too. */
export const isAboutCharges = (type: string): boolean => /^(charge|refund)\./.test(plainType(type));

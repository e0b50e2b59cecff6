import type Stripe from 'stripe';
import type { z } from 'zod';
import type { Books } from '../books.js';
import { invalidRequest } from '../errors.js';
import {
  flag,
  listParamsOf,
  many,
  mergeMetadata,
  metadata,
  natural,
  oneOf,
  paramsOf,
  part,
  text,
  unset,
} from '../form.js';
import type { Kinds } from '../kinds.js';
import { pageOf } from '../lists.js';
import { endpoint } from '../router.js';
import { newId } from '../store.js';
import { ProrationBehavior } from './subscription-params.js';

type Configuration = Kinds['billing_portal.configuration'];

const Features = part({
  customer_update: part({
    allowed_updates: unset(many(oneOf('address', 'email', 'name', 'phone', 'shipping', 'tax_id'))).optional(),
    enabled: flag(),
  }).optional(),
  invoice_history: part({ enabled: flag() }).optional(),
  payment_method_update: part({ enabled: flag() }).optional(),
  subscription_cancel: part({
    cancellation_reason: part({ enabled: flag(), options: many(text()).optional() }).optional(),
    enabled: flag(),
    mode: oneOf('at_period_end', 'immediately').optional(),
    proration_behavior: ProrationBehavior.optional(),
  }).optional(),
  subscription_update: part({
    default_allowed_updates: unset(many(oneOf('price', 'promotion_code', 'quantity'))).optional(),
    enabled: flag(),
    products: unset(
      many(
        part({
          prices: many(text()),
          product: text(),
          adjustable_quantity: part({
            enabled: flag(),
            minimum: natural().optional(),
            maximum: natural().optional(),
          }).optional(),
        }),
      ),
    ).optional(),
    proration_behavior: ProrationBehavior.optional(),
  }).optional(),
});
const Profile = part({
  headline: unset(text(60)).optional(),
  privacy_policy_url: text().optional(),
  terms_of_service_url: text().optional(),
});
const WRITABLE = {
  business_profile: Profile.optional(),
  default_return_url: unset(text()).optional(),
  metadata: metadata().optional(),
  name: unset(text()).optional(),
};
const CreateConfiguration = paramsOf<Stripe.BillingPortal.ConfigurationCreateParams>()({
  ...WRITABLE,
  features: Features,
});
const UpdateConfiguration = paramsOf<Stripe.BillingPortal.ConfigurationUpdateParams>()({
  ...WRITABLE,
  active: flag().optional(),
  features: Features.optional(),
});

function featuresOf(given: z.output<typeof Features>): Configuration['features'] {
  const { subscription_cancel: cancel, subscription_update: update } = given;
  return {
    customer_update: {
      allowed_updates: given.customer_update?.allowed_updates ?? [],
      enabled: given.customer_update?.enabled ?? false,
    },
    invoice_history: { enabled: given.invoice_history?.enabled ?? false },
    payment_method_update: {
      enabled: given.payment_method_update?.enabled ?? false,
      payment_method_configuration: null,
    },
    subscription_cancel: {
      cancellation_reason: {
        enabled: cancel?.cancellation_reason?.enabled ?? false,
        feedback_options: null,
        options: cancel?.cancellation_reason?.options ?? [],
      },
      enabled: cancel?.enabled ?? false,
      mode: cancel?.mode ?? 'at_period_end',
      proration_behavior: cancel?.proration_behavior ?? 'none',
    },
    subscription_pause: { duration: { interval_options: [], type: 'indefinite' }, enabled: false },
    subscription_update: {
      billing_cycle_anchor: null,
      default_allowed_updates: update?.default_allowed_updates ?? [],
      enabled: update?.enabled ?? false,
      proration_behavior: update?.proration_behavior ?? 'none',
      schedule_at_period_end: { conditions: [] },
      trial_update_behavior: 'end_trial',
      products: (update?.products ?? []).map(({ product, prices, adjustable_quantity: adjustable }) => ({
        adjustable_quantity: {
          enabled: adjustable?.enabled ?? false,
          maximum: adjustable?.maximum ?? null,
          minimum: adjustable?.minimum ?? 1,
        },
        ...{ prices, product },
      })),
    },
  };
}

/** https://docs.stripe.com/api/customer_portal/configurations/object */
function createConfiguration(books: Books, given: z.output<typeof CreateConfiguration>): Configuration {
  const now = books.now();
  return books.add<'billing_portal.configuration'>(
    {
      id: newId('bpc'),
      object: 'billing_portal.configuration',
      active: true,
      application: null,
      business_profile: profileOf(given.business_profile),
      created: now,
      default_return_url: given.default_return_url ?? null,
      features: featuresOf(given.features),
      is_default: false,
      livemode: false,
      login_page: { enabled: false, url: null },
      metadata: mergeMetadata({}, given.metadata),
      name: given.name ?? null,
      updated: now,
    },
    'billing_portal.configuration.created',
  );
}

function profileOf(given: z.output<typeof Profile> | undefined): Configuration['business_profile'] {
  return {
    headline: given?.headline ?? null,
    privacy_policy_url: given?.privacy_policy_url ?? null,
    terms_of_service_url: given?.terms_of_service_url ?? null,
  };
}

const CreateSession = paramsOf<Stripe.BillingPortal.SessionCreateParams>()({
  configuration: text().optional(),
  customer: text(),
  flow_data: part({
    type: oneOf('payment_method_update', 'subscription_cancel'),
    subscription_cancel: part({ subscription: text() }).optional(),
    after_completion: part({
      type: oneOf('portal_homepage', 'redirect'),
      redirect: part({ return_url: text() }).optional(),
    }).optional(),
  }).optional(),
  locale: text().optional(),
  return_url: text().optional(),
});

/** https://docs.stripe.com/api/customer_portal/sessions/object */
function createSession(books: Books, given: z.output<typeof CreateSession>): Kinds['billing_portal.session'] {
  const customer = books.customer(given.customer);
  const configuration = configurationFor(books, given.configuration);
  const flow = given.flow_data;
  if (flow?.subscription_cancel)
    books.need(
      'subscription',
      flow.subscription_cancel.subscription,
      'flow_data[subscription_cancel][subscription]',
    );
  const id = newId('bps');
  return books.add<'billing_portal.session'>(
    {
      id,
      object: 'billing_portal.session',
      configuration: configuration.id,
      created: books.now(customer.id),
      customer: customer.id,
      customer_account: null,
      flow: flow
        ? {
            after_completion: {
              hosted_confirmation: null,
              redirect: flow.after_completion?.redirect ?? null,
              type: flow.after_completion?.type ?? 'portal_homepage',
            },
            customer_update: null,
            subscription_cancel: flow.subscription_cancel
              ? { retention: null, ...flow.subscription_cancel }
              : null,
            subscription_pause: null,
            subscription_update: null,
            subscription_update_confirm: null,
            type: flow.type,
          }
        : null,
      livemode: false,
      locale: given.locale ?? null,
      on_behalf_of: null,
      return_url: given.return_url ?? configuration.default_return_url,
      url: `${books.baseUrl}/p/session/${id}`,
    },
    'billing_portal.session.created',
  );
}

/** There is a default one only once somebody has saved it in the dashboard; none that a program made is. */
function configurationFor(books: Books, id: string | undefined): Configuration {
  if (id !== undefined) {
    const found = books.need('billing_portal.configuration', id, 'configuration');
    if (!found.active) throw invalidRequest('The configuration is not active.', 'configuration');
    return found;
  }
  throw invalidRequest(
    'No configuration provided and your test mode default configuration has not been created. Provide a configuration or create your default by saving your customer portal settings in test mode.',
    'configuration',
  );
}

export const portal = [
  endpoint('POST', '/v1/billing_portal/sessions', CreateSession, createSession),
  endpoint('POST', '/v1/billing_portal/configurations', CreateConfiguration, createConfiguration),
  endpoint(
    'GET',
    '/v1/billing_portal/configurations',
    listParamsOf<Stripe.BillingPortal.ConfigurationListParams>()({
      active: flag().optional(),
      is_default: flag().optional(),
    }),
    (books, params) =>
      pageOf(
        '/v1/billing_portal/configurations',
        books.store
          .all('billing_portal.configuration')
          .filter((one) => params.active === undefined || one.active === params.active)
          .filter((one) => params.is_default === undefined || one.is_default === params.is_default),
        params,
      ),
  ),
  endpoint(
    'GET',
    '/v1/billing_portal/configurations/:id',
    paramsOf<Stripe.BillingPortal.ConfigurationRetrieveParams>()({}),
    (books, _, id) => books.need('billing_portal.configuration', id),
  ),
  endpoint('POST', '/v1/billing_portal/configurations/:id', UpdateConfiguration, (books, given, id) => {
    const known = books.need('billing_portal.configuration', id);
    const { expand: _, features, business_profile, metadata: meta, ...changes } = given;
    return books.change<'billing_portal.configuration'>(
      known,
      {
        ...changes,
        ...(features ? { features: featuresOf(features) } : {}),
        ...(business_profile ? { business_profile: profileOf(business_profile) } : {}),
        metadata: mergeMetadata(known.metadata ?? {}, meta),
        updated: books.now(),
      },
      'billing_portal.configuration.updated',
    );
  }),
];

import { Body, Controller, Get, Patch, Post, Put, Query } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, wire } from '#platform';
import { BillingContacts, BillingContactsInput } from '../use-cases/billing-contacts.js';
import { ChangeSubscription, ChangeSubscriptionInput } from '../use-cases/change-subscription.js';
import { OpenPortal, OpenPortalInput } from '../use-cases/open-portal.js';
import { PreviewChange, PreviewChangeInput } from '../use-cases/preview-change.js';
import { ReadBilling } from '../use-cases/read-billing.js';
import { InvoicesPage, ReadInvoices } from '../use-cases/read-invoices.js';
import { StartCheckout, StartCheckoutInput } from '../use-cases/start-checkout.js';
import {
  CheckoutView,
  CONTACTS_EXAMPLE,
  ContactsView,
  InvoicePageView,
  INVOICES_EXAMPLE,
  invoiceView,
  PLANS_EXAMPLE,
  PlansView,
  plansView,
  PortalView,
  PreviewView,
  previewView,
  SUBSCRIPTION_EXAMPLE,
  ChangedSubscriptionView,
  subscriptionView,
} from './billing.view.js';

const READING = { forbidden: ['MISSING_SCOPE', 'EMAIL_NOT_VERIFIED'] };
const ASKING = { unavailable: ['BILLING_UNAVAILABLE', 'BILLING_BUSY'] };
const MANAGING = { ...READING, ...ASKING };
const URL_EXAMPLE = 'https://gatehouse.example.com/billing';

/** What the caller's organisation buys: for its owners and those whose role that is. */
@Controller('/api/v1/billing')
export class BillingController {
  constructor(
    private readonly readBilling: ReadBilling,
    private readonly readInvoices: ReadInvoices,
    private readonly startCheckout: StartCheckout,
    private readonly openPortal: OpenPortal,
    private readonly previewChange: PreviewChange,
    private readonly changeSubscription: ChangeSubscription,
    private readonly billingContacts: BillingContacts,
  ) {}

  @Get('/subscription')
  @Endpoint({
    summary: 'What the organisation has bought, and where it stands with it',
    access: 'bearer',
    output: ChangedSubscriptionView,
    example: SUBSCRIPTION_EXAMPLE,
    refusals: READING,
  })
  async subscription(@CurrentActor() actor: Actor): Promise<z.input<typeof ChangedSubscriptionView>> {
    const { account, change } = await this.readBilling.account(actor);
    return { ...subscriptionView(account), change };
  }

  @Patch('/subscription')
  @Endpoint({
    summary:
      'Another plan, interval or number of seats; cancel at the end of what is paid, or take that back',
    access: 'bearer',
    output: ChangedSubscriptionView,
    example: SUBSCRIPTION_EXAMPLE,
    bodyExample: { seats: 8 },
    refusals: {
      ...MANAGING,
      conflict: ['BILLING_OFF', 'NOT_SUBSCRIBED', 'UNDER_CONTRACT', 'BILLING_CONFLICT'],
      invalid: ['PLAN_NOT_SOLD', 'SEATS_OUT_OF_BOUNDS', 'CARD_DECLINED', 'PAYMENT_ACTION_REQUIRED'],
      too_many: ['CHANGES_EXHAUSTED'],
    },
  })
  async change(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ChangeSubscriptionInput) }) input: z.output<typeof ChangeSubscriptionInput>,
  ): Promise<z.input<typeof ChangedSubscriptionView>> {
    const { account, change } = await this.changeSubscription.execute(actor, input);
    return { ...subscriptionView(account), change };
  }

  @Post('/checkout')
  @Endpoint({
    summary: 'Open the page where a plan is bought; one at a time for an organisation',
    access: 'bearer',
    idempotent: 'plain',
    output: CheckoutView,
    example: { url: 'https://checkout.stripe.com/c/pay/cs_test_1', expires_at: '2026-11-23T08:30:00.000Z' },
    bodyExample: { plan: 'TEAM', interval: 'month', seats: 8, success_url: URL_EXAMPLE },
    refusals: {
      ...MANAGING,
      conflict: ['BILLING_OFF', 'ALREADY_SUBSCRIBED', 'UNDER_CONTRACT', 'BILLING_CONFLICT'],
      invalid: [
        ...['PLAN_NOT_SOLD', 'SEATS_OUT_OF_BOUNDS', 'COUPON_NOT_VALID', 'RETURN_URL_NOT_ALLOWED'],
        'CARD_DECLINED',
      ],
    },
  })
  async checkout(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(StartCheckoutInput) }) input: z.output<typeof StartCheckoutInput>,
  ): Promise<z.input<typeof CheckoutView>> {
    const { url, expiresAt } = await this.startCheckout.execute(actor, input);
    return { url, expiresAt: expiresAt.toISOString() };
  }

  @Post('/portal')
  @Endpoint({
    summary: 'Open the page where cards, addresses and invoices are',
    access: 'bearer',
    idempotent: 'plain',
    output: PortalView,
    example: { url: 'https://billing.stripe.com/p/session/test_1' },
    bodyExample: { return_url: URL_EXAMPLE },
    refusals: {
      ...MANAGING,
      conflict: ['BILLING_OFF', 'NOT_SUBSCRIBED', 'BILLING_CONFLICT'],
      invalid: ['RETURN_URL_NOT_ALLOWED', 'CARD_DECLINED'],
    },
  })
  async portal(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(OpenPortalInput) }) input: z.output<typeof OpenPortalInput>,
  ): Promise<z.input<typeof PortalView>> {
    return this.openPortal.execute(actor, input);
  }

  @Post('/preview')
  @Endpoint({
    summary: 'What a plan would cost, bought or changed to; changes nothing',
    access: 'bearer',
    output: PreviewView,
    example: {
      amount_due: { amount: 9900, currency: 'usd' },
      tax: null,
      due_at: '2026-12-06T09:30:00.000Z',
      trial_days: 14,
      lines: [
        {
          description: 'Gatehouse Team, 5 seats, by the month',
          amount: { amount: 9900, currency: 'usd' },
        },
      ],
      usage: [{ meter: 'commands', amount: { amount: 5, currency: 'usd' }, per: 1000, included: 10000 }],
    },
    bodyExample: { plan: 'TEAM', seats: 5 },
    refusals: {
      ...MANAGING,
      conflict: ['BILLING_OFF', 'NOT_SUBSCRIBED', 'UNDER_CONTRACT', 'BILLING_CONFLICT'],
      invalid: ['PLAN_NOT_SOLD', 'SEATS_OUT_OF_BOUNDS', 'COUPON_NOT_VALID'],
    },
  })
  async preview(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(PreviewChangeInput) }) input: z.output<typeof PreviewChangeInput>,
  ): Promise<z.input<typeof PreviewView>> {
    return previewView(await this.previewChange.execute(actor, input));
  }

  @Get('/contacts')
  @Endpoint({
    summary: 'Who is written to about what the organisation pays, besides its owners and billing people',
    access: 'bearer',
    output: ContactsView,
    example: CONTACTS_EXAMPLE,
    refusals: READING,
  })
  async contacts(@CurrentActor() actor: Actor): Promise<z.input<typeof ContactsView>> {
    return { emails: [...(await this.billingContacts.read(actor))] };
  }

  @Put('/contacts')
  @Endpoint({
    summary: 'Write to these instead; receipts of Stripe go to the first',
    access: 'bearer',
    output: ContactsView,
    example: CONTACTS_EXAMPLE,
    bodyExample: CONTACTS_EXAMPLE,
    refusals: { forbidden: ['MISSING_SCOPE', 'EMAIL_NOT_VERIFIED'] },
  })
  async setContacts(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(BillingContactsInput) }) input: z.output<typeof BillingContactsInput>,
  ): Promise<z.input<typeof ContactsView>> {
    return { emails: [...(await this.billingContacts.replace(actor, input))] };
  }

  @Get('/plans')
  @Endpoint({
    summary: 'What is sold, and what it costs',
    access: 'bearer',
    output: PlansView,
    example: PLANS_EXAMPLE,
    refusals: READING,
  })
  plans(@CurrentActor() actor: Actor): z.input<typeof PlansView> {
    return plansView(this.readBilling.plans(actor));
  }

  @Get('/invoices')
  @Endpoint({
    summary: 'The invoices of the organisation, newest first, with what was refunded or is disputed',
    access: 'bearer',
    output: InvoicePageView,
    example: INVOICES_EXAMPLE,
    refusals: {
      ...READING,
      conflict: ['BILLING_CONFLICT'],
      ...ASKING,
    },
  })
  async invoices(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(InvoicesPage) }) input: z.output<typeof InvoicesPage>,
  ): Promise<z.input<typeof InvoicePageView>> {
    const { data, nextCursor } = await this.readInvoices.execute(actor, input);
    return { data: data.map(invoiceView), nextCursor };
  }
}

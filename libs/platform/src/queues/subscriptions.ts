import { Injectable } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { ConfigError } from '../config/config.js';
import { type EventHandler, type HandlerMode, type Subscription, SUBSCRIPTIONS } from '../events/handler.js';
import { EventsConfig } from './events.config.js';
import { meaningless, servedBy } from './served.js';

/** One handler's place in the bus. */
export interface Subscriber extends Subscription {
  handler: EventHandler;
}

/**
 * Every handler there is, found among the providers that carry `@Handles`, and which of them this process serves. Events are
 * published for all of them, whoever serves them: what nobody serves stays open.
 */
@Injectable()
export class Subscriptions {
  private readonly subscribers = new Map<string, Subscriber>();
  private readonly modes = new Map<string, HandlerMode>();
  private readonly byEvent = new Map<string, Set<string>>();
  private readonly elsewhere = new Set<string>();

  constructor(
    private readonly config: EventsConfig,
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
  ) {}

  /**
   * Looks for handlers; once, when every module is ready.
   *
   * @throws ConfigError when a subscription is said to be served that is not there.
   * @throws Error when a subscription handles one version of an event twice, runs in two modes, or has a name
   *   that cannot be a job's.
   */
  discover(): void {
    for (const provider of this.discovery.getProviders()) {
      // A provider made by a factory shows the factory as its type.
      const type = provider.inject || !provider.metatype ? provider.instance?.constructor : provider.metatype;
      const found = type && this.reflector.get<Subscription[] | undefined>(SUBSCRIPTIONS, type);
      for (const one of found ?? []) this.add({ ...one, handler: provider.instance as EventHandler });
    }
    const { subscriptions: patterns } = this.config;
    const names = [...this.modes.keys()];
    const unknown = meaningless(patterns, names).filter((one) => one !== '*');
    if (unknown.length > 0)
      throw new ConfigError(unknown.map((one) => `WORKER_SUBSCRIPTIONS: no subscription goes by ${one}.`));
    const isServed = servedBy(patterns);
    for (const name of names) if (!isServed(name)) this.elsewhere.add(name);
  }

  /** Whether it is known, and another process is to serve it. */
  isElsewhere(subscription: string): boolean {
    return this.elsewhere.has(subscription);
  }

  /** The names of those who want an event of this name, whatever its version. */
  namesFor(event: string): readonly string[] {
    return [...(this.byEvent.get(event) ?? [])];
  }

  /** Every event name with every subscription to it. */
  pairs(): { event: string; subscription: string }[] {
    return [...this.byEvent].flatMap(([event, names]) =>
      [...names].map((subscription) => ({ event, subscription })),
    );
  }

  /** How the handlers of this name run; undefined when there are none in this process. */
  modeOf(subscription: string): HandlerMode | undefined {
    return this.modes.get(subscription);
  }

  /** The handler of exactly this version. */
  find(subscription: string, event: string, version: number): Subscriber | undefined {
    return this.subscribers.get(keyOf(subscription, event, version));
  }

  private add(one: Subscriber): void {
    if (!/^[a-z][a-z0-9_.-]{0,99}$/.test(one.name)) {
      throw new Error(
        `${one.name} cannot be the name of a subscription: lower-case letters, digits and . _ - only.`,
      );
    }
    const key = keyOf(one.name, one.event.name, one.event.version);
    const existing = this.subscribers.get(key);
    if (existing?.handler === one.handler) return;
    if (existing)
      throw new Error(
        `The subscription ${one.name} has two handlers for ${one.event.name} v${one.event.version}.`,
      );
    if ((this.modes.get(one.name) ?? one.mode) !== one.mode)
      throw new Error(`The subscription ${one.name} runs in two modes.`);

    this.subscribers.set(key, one);
    if (one.handler.isOn === false) this.elsewhere.add(one.name);
    this.modes.set(one.name, one.mode);
    this.byEvent.set(one.event.name, (this.byEvent.get(one.event.name) ?? new Set()).add(one.name));
  }
}

const keyOf = (subscription: string, event: string, version: number) => `${subscription} ${event} ${version}`;

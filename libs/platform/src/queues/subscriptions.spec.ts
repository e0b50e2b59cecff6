import { Injectable, Module, type Type } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { z } from 'zod';
import { defineEvent } from '../events/event.js';
import { Handles } from '../events/handler.js';
import { EventsConfig } from './events.config.js';
import { Subscriptions } from './subscriptions.js';

const MADE = defineEvent('probe.thing.made', 1, z.object({}));
const MADE_NEWER = defineEvent('probe.thing.made', 2, z.object({}));
const SEEN = defineEvent('probe.thing.seen', 1, z.object({}));

function handler(...given: Parameters<typeof Handles>): Type {
  @Injectable()
  @Handles(...given)
  class Handler {
    handle = () => Promise.resolve();
  }
  return Handler;
}

const discover = (...providers: Type[]) => discoverServed(['*'], ...providers);

async function discoverServed(patterns: string[], ...providers: Type[]): Promise<Subscriptions> {
  const config = { provide: EventsConfig, useValue: { subscriptions: patterns } };
  @Module({ imports: [DiscoveryModule], providers: [config, Subscriptions, ...providers] })
  class Application {}
  const app = await NestFactory.createApplicationContext(Application, { logger: false, abortOnError: false });
  const subscriptions = app.get(Subscriptions);
  subscriptions.discover();
  return subscriptions;
}

describe('Subscriptions', () => {
  it('finds handlers by subscription, event and version', async () => {
    const Counter = handler('probe.count', [MADE, SEEN]);
    const Mailer = handler('probe.mail', MADE, 'effect');
    const found = await discover(Counter, Mailer);

    expect(found.namesFor('probe.thing.made')).toEqual(['probe.count', 'probe.mail']);
    expect(found.namesFor('probe.thing.gone')).toEqual([]);
    expect(found.find('probe.count', 'probe.thing.seen', 1)?.handler).toBeInstanceOf(Counter);
    expect(found.find('probe.count', 'probe.thing.seen', 2)).toBeUndefined();
    expect(found.modeOf('probe.mail')).toBe('effect');
    expect(found.modeOf('probe.unheard-of')).toBeUndefined();
    expect(found.pairs()).toHaveLength(3);
  });

  it('gives two versions of an event to two handlers of one subscription', async () => {
    const found = await discover(handler('probe.count', MADE), handler('probe.count', MADE_NEWER));
    expect(found.namesFor('probe.thing.made')).toEqual(['probe.count']);
    expect(found.find('probe.count', 'probe.thing.made', 2)).toBeDefined();
  });

  it('publishes for all of them, and serves those that this process is told to (S2-43)', async () => {
    const [Counter, Mailer, Teller] = [
      handler('probe.count', [MADE, SEEN]),
      handler('probe.mail', MADE, 'effect'),
      handler('probe.tell', SEEN),
    ];
    Object.assign(Teller.prototype as object, { isOn: false });
    const found = await discoverServed(['*', '!*.mail'], Counter, Mailer, Teller);
    expect(found.namesFor('probe.thing.made')).toEqual(['probe.count', 'probe.mail']);
    expect(found.pairs()).toHaveLength(4);
    expect(
      ['probe.count', 'probe.mail', 'probe.tell', 'probe.unheard-of'].map((name) => found.isElsewhere(name)),
    ).toEqual([false, true, true, false]);
    await expect(discoverServed(['probe.cuont'], Counter)).rejects.toThrow('probe.cuont');
  });

  it('refuses two handlers of one subscription for the same event', async () => {
    await expect(discover(handler('probe.count', MADE), handler('probe.count', MADE))).rejects.toThrow(
      'The subscription probe.count has two handlers for probe.thing.made v1.',
    );
  });

  it('refuses a subscription that is a transaction here and an effect there', async () => {
    await expect(
      discover(handler('probe.count', MADE), handler('probe.count', SEEN, 'effect')),
    ).rejects.toThrow('The subscription probe.count runs in two modes.');
  });

  it.each(['with:colon', 'With.Capitals', '', 'a'.repeat(101)])(
    'refuses %j as a name, for it becomes part of a job id',
    async (name) => {
      await expect(discover(handler(name, MADE))).rejects.toThrow('cannot be the name of a subscription');
    },
  );
});

import { type DynamicModule, Module } from '@nestjs/common';
import type { ConfigValues } from './config.js';

/** Makes each concern's settings injectable by its class, everywhere. */
@Module({})
export class ConfigModule {
  static forRoot(values: ConfigValues): DynamicModule {
    const providers = [...values].map(([Concern, value]) => ({ provide: Concern, useValue: value }));
    return { module: ConfigModule, global: true, providers, exports: providers.map((one) => one.provide) };
  }
}

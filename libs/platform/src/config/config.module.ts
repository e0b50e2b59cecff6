import { type DynamicModule, Module } from '@nestjs/common';
import { type ConfigClass, loadConfig } from './config.js';
import { readEnvironment } from './environment.js';
import { RuntimeConfig } from './runtime.config.js';

/** Makes each concern's settings injectable by its class, everywhere. Throws ConfigError before anything starts. */
@Module({})
export class ConfigModule {
  static forRoot(concerns: readonly ConfigClass[], environment = readEnvironment()): DynamicModule {
    const values = loadConfig([RuntimeConfig, ...concerns], environment);
    const providers = [...values].map(([Concern, value]) => ({ provide: Concern, useValue: value }));
    return { module: ConfigModule, global: true, providers, exports: providers.map((one) => one.provide) };
  }
}

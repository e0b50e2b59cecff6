import { Module } from '@nestjs/common';
import { MetricsController } from './metrics.controller.js';
import { countProcess } from './metrics.js';

/** GET /metrics. Needs MetricsConfig and RuntimeConfig from ConfigModule. */
@Module({ controllers: [MetricsController] })
export class MetricsModule {
  constructor() {
    countProcess();
  }
}

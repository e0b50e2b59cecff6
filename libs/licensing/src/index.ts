export { LeasesConfig, LicensingConfig } from './licensing.config.js';
export {
  announceKey,
  compromiseKey,
  forgetKey,
  rotateKeys,
  RotationRefused,
} from './leases/rotate-signing-keys.js';
export { type ConfiguredKey, writeSigningKeys } from './leases/signing-key-setting.js';
export {
  LICENSING_ENTITIES,
  LeasesModule,
  LicensingHttpModule,
  LicensingModule,
  LicensingOperatorsModule,
  LicensingWorkerModule,
} from './licensing.module.js';
export { applyCatalogue, type CatalogueChange } from './catalogue/apply-catalogue.js';
export { CatalogueConfig, deployCatalogue } from './catalogue/deploy-catalogue.js';
export { type CatalogueFile, parseCatalogue } from './catalogue/catalogue-file.js';
export { Meter, MeterGuard } from './quotas/meter.guard.js';
export { ActivateOffline } from './use-cases/activate-offline.js';
export { ListSeatsInput, SeatName } from './use-cases/list-seats.js';
export { SeatStatisticsInput } from './use-cases/read-seat-statistics.js';
export { OperateDesk } from './use-cases/operate-desk.js';
export { ReadDevicesInput } from './use-cases/read-devices.js';
export { DeviceParams } from './use-cases/unbind-device.js';
export * from './operators.js';
export { IssueLicense } from './use-cases/issue-license.js';
export { ReadLicenses } from './use-cases/read-licenses.js';
export type { License } from './domain/license.js';
export type { LicenseRow } from './persistence/license-row.js';

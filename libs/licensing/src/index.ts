export { LicensingConfig } from './licensing.config.js';
export {
  LICENSING_ENTITIES,
  LicensingHttpModule,
  LicensingModule,
  LicensingWorkerModule,
} from './licensing.module.js';
export { IssueLicense } from './use-cases/issue-license.js';
export { ReadLicenses } from './use-cases/read-licenses.js';
export type { License } from './domain/license.js';
export type { LicenseRow } from './persistence/licenses.js';

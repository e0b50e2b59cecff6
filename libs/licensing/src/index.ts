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
export { ForgetPools } from './seats/forget-pools.js';
export { enderIn, enderOf } from './use-cases/end-seats.js';
export { TakeSeats } from './use-cases/take-seats.js';
export { ListSeatsInput, SeatName } from './use-cases/list-seats.js';
export { SeatStatisticsInput } from './use-cases/read-seat-statistics.js';
export { OperateDesk } from './use-cases/operate-desk.js';
export { ReadDevicesInput } from './use-cases/read-devices.js';
export { DeviceParams } from './use-cases/unbind-device.js';
export { OVERRIDES_MAX, type Override, TERM_NAMES, TermsPatch } from './domain/terms.js';
export type { PolicyRow, ProductRow } from './persistence/catalogue-editor.js';
export type { TenantTermsRow } from './persistence/tenant-terms.js';
export { ApplyPlans } from './use-cases/apply-plans.js';
export { ChangeLicensePlan, ChangeLicensePlanInput } from './use-cases/change-license-plan.js';
export { ChangeLicensePolicy, ChangeLicensePolicyInput } from './use-cases/change-license-policy.js';
export { ChangeLicenseStatus, ChangeLicenseStatusInput } from './use-cases/change-license-status.js';
export { ChangeTenantTerms, ChangeTenantTermsInput } from './use-cases/change-tenant-terms.js';
export { CheckInForOperator, CheckInForOperatorInput } from './use-cases/check-in-for-operator.js';
export { ClearLicenseOverride, ClearLicenseOverrideInput } from './use-cases/clear-license-override.js';
export { FindLicenses, FindLicensesInput } from './use-cases/find-licenses.js';
export { ImportLicenses, ImportLicensesInput, type ImportReport } from './use-cases/import-licenses.js';
export { IssueTenantLicense, IssueTenantLicenseInput } from './use-cases/issue-tenant-license.js';
export { ChangePolicyInput, CreatePolicyInput, ManagePolicies } from './use-cases/manage-policies.js';
export { ChangeProductInput, CreateProductInput, ManageProducts } from './use-cases/manage-products.js';
export {
  type LicenseSettings,
  LicenseSettingsInput,
  ManageLicenseSettings,
} from './use-cases/manage-license-settings.js';
export { NamedUserInput, NameUsers } from './use-cases/name-users.js';
export { OverrideLicense, OverrideLicenseInput } from './use-cases/override-license.js';
export { FollowPurchase, FollowPurchaseInput } from './use-cases/follow-purchase.js';
export { RenewLicense, RenewLicenseInput } from './use-cases/renew-license.js';
export { TransferLicense, TransferLicenseInput } from './use-cases/transfer-license.js';
export { IssueLicense } from './use-cases/issue-license.js';
export { shownStatus } from './domain/block.js';
export { ReadLicenses } from './use-cases/read-licenses.js';
export type { License } from './domain/license.js';
export type { LicenseRow } from './persistence/license-row.js';
export { TENANT_RECORDS } from './tenant-records.js';

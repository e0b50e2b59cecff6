import { CheckInsController } from './http/check-ins.controller.js';
import { LicenseSettingsController } from './http/license-settings.controller.js';
import { NamedUsersController } from './http/named-users.controller.js';
import { PlanImport } from './imports/import-plan.js';
import { CatalogueEditor } from './persistence/catalogue-editor.js';
import { LicenseDirectory } from './persistence/license-directory.js';
import { LicenseUsers } from './persistence/license-users.js';
import { TenantTerms } from './persistence/tenant-terms.js';
import { AlterLicense } from './use-cases/alter-license.js';
import { ApplyPlans } from './use-cases/apply-plans.js';
import { BeginTerm } from './use-cases/begin-term.js';
import { ChangeLicensePlan } from './use-cases/change-license-plan.js';
import { ChangeLicensePolicy } from './use-cases/change-license-policy.js';
import { ChangeLicenseStatus } from './use-cases/change-license-status.js';
import { ChangeTenantTerms } from './use-cases/change-tenant-terms.js';
import { CheckInForOperator } from './use-cases/check-in-for-operator.js';
import { ClearLicenseOverride } from './use-cases/clear-license-override.js';
import { FindLicenses } from './use-cases/find-licenses.js';
import { ImportLicenses } from './use-cases/import-licenses.js';
import { IssueTenantLicense } from './use-cases/issue-tenant-license.js';
import { ManageLicenseSettings } from './use-cases/manage-license-settings.js';
import { ManagePolicies } from './use-cases/manage-policies.js';
import { ManageProducts } from './use-cases/manage-products.js';
import { MintLicense } from './use-cases/mint-license.js';
import { NameUsers } from './use-cases/name-users.js';
import { OverrideLicense } from './use-cases/override-license.js';
import { RefreshTenantPolicies } from './use-cases/refresh-tenant-policies.js';
import { FollowPurchase } from './use-cases/follow-purchase.js';
import { RenewLicense } from './use-cases/renew-license.js';
import { TransferLicense } from './use-cases/transfer-license.js';

/** What changes licences, for tenants and for whoever uses them: of LicensingModule. */
export const ADMINISTRATION = [
  TenantTerms,
  LicenseUsers,
  LicenseDirectory,
  MintLicense,
  BeginTerm,
  RefreshTenantPolicies,
  NameUsers,
  ManageLicenseSettings,
];

export const ADMINISTRATION_CONTROLLERS = [
  LicenseSettingsController,
  NamedUsersController,
  CheckInsController,
];

/** What only operators do, and the catalogue. Beside LicensingModule. */
export const OPERATORS = [
  CatalogueEditor,
  ManageProducts,
  ManagePolicies,
  ApplyPlans,
  AlterLicense,
  IssueTenantLicense,
  PlanImport,
  ImportLicenses,
  FindLicenses,
  ChangeLicenseStatus,
  ChangeLicensePlan,
  ChangeLicensePolicy,
  FollowPurchase,
  RenewLicense,
  OverrideLicense,
  ClearLicenseOverride,
  TransferLicense,
  CheckInForOperator,
  ChangeTenantTerms,
];

export { AuditModule, AuditWorkerModule } from './audit.module.js';
export { TENANT_RECORDS } from './tenant-records.js';

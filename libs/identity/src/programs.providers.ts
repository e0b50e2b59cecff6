import { Approvals } from './oauth/approval.js';
import { AuthorizationCodes } from './oauth/authorization-codes.js';
import { AuthorizationRequests } from './oauth/authorization-requests.js';
import { DescribeProgram } from './oauth/describe-program.js';
import { DeviceRequests } from './oauth/device-requests.js';
import { ProgramBudget } from './oauth/program-budget.js';
import { ProgramSessions } from './oauth/program-sessions.js';
import { AuthorizeDevice } from './use-cases/authorize-device.js';
import { AuthorizeProgram } from './use-cases/authorize-program.js';

/** Programs that people let act for them. */
export const PROGRAMS = [
  Approvals,
  AuthorizationRequests,
  AuthorizationCodes,
  DeviceRequests,
  DescribeProgram,
  ProgramBudget,
  ProgramSessions,
  AuthorizeProgram,
  AuthorizeDevice,
];

export { OnboardingModule, OnboardingWorkerModule } from './onboarding.module.js';
export { Register, RegisterInput } from './use-cases/register.js';

export { OnboardingModule, OnboardingOperatorsModule, OnboardingWorkerModule } from './onboarding.module.js';
export { ImportPeople, ImportPeopleInput, type PeopleReport } from './use-cases/import-people.js';
export { MakePerson, type PersonToMake } from './use-cases/make-person.js';
export { Register, RegisterInput } from './use-cases/register.js';

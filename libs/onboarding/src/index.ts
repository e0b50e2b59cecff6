export { OnboardingModule, OnboardingOperatorsModule, OnboardingWorkerModule } from './onboarding.module.js';
export { OnboardingConfig } from './onboarding.config.js';
export { ComeBack, FoundInput } from './use-cases/come-back.js';
export { ImportPeople, ImportPeopleInput, type PeopleReport } from './use-cases/import-people.js';
export { InviteInput, InvitePeople, type Preview } from './use-cases/invite-people.js';
export { MakePerson, type PersonToMake } from './use-cases/make-person.js';
export { InvitedInput, PasswordInvitedInput, RegisterInvited } from './use-cases/register-invited.js';
export { Register, RegisterInput } from './use-cases/register.js';

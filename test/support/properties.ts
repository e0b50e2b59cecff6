import fc from 'fast-check';

/** Each run tries the same values: what fails, fails again. FC_SEED tries others. */
fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 1) });

export default fc;

import { kindOf } from '#contracts/raw-json.js';

const PATTERN = /<MULTI_STEP_EXEC>(.+)<\/MULTI_STEP_EXEC>$/su;

const STEPS = ['preprocess', 'postprocess', 'containerOptions'] as const;

/** Splits job parameters from the steps around them (contract 4.2.3), which follow as a JSON object in a tag. */
export const multiStep = (
  parameters: string,
): { readonly parameters: string; readonly extra: Readonly<Record<string, unknown>> } => {
  const [tag, object] = PATTERN.exec(parameters) ?? [];
  if (tag === undefined || object === undefined || kindOf(object) !== 'object') return { parameters, extra: {} };
  const all = JSON.parse(object) as Readonly<Record<string, unknown>>;
  const steps = STEPS.filter((name) => all[name] !== undefined).map((name) => [name, all[name]] as const);
  const extra: Readonly<Record<string, unknown>> = Object.fromEntries(steps);
  return { parameters: parameters.slice(0, -tag.length), extra };
};

/** What a variable of a command stands for. */
export type VariableTarget = 'files' | 'user_data';
type Direction = 'input' | 'output';

/** A variable declares that its job has this input or output. */
export interface Reference {
  readonly target: VariableTarget;
  readonly direction: Direction;
  readonly name: string;
}

const VARIABLE = /\$\{(files|user_data)\.(input|output)\.([^{}]+)\}/g;

/**
 * Fills in `${files.input.NAME}`, `${files.output.NAME}`, `${user_data.input.NAME}` and `${user_data.output.NAME}` in a command.
 * Returns what they refer to besides.
 *
 * @param textOf what stands in place of a variable; undefined when the name is not known, which the caller reports
 */
export const filledCommand = (
  command: string,
  textOf: (reference: Reference) => string | undefined,
): { readonly command: string; readonly references: readonly Reference[] } => {
  const references: Reference[] = [];
  const filled = command.replace(
    VARIABLE,
    (variable: string, target: VariableTarget, direction: Direction, name: string) => {
      const reference = { target, direction, name };
      references.push(reference);
      return textOf(reference) ?? variable;
    },
  );
  return { command: filled, references };
};

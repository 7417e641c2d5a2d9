import { InvalidArgumentError } from 'commander';

const NAME = /^[\x21-\x7e]{1,200}$/;

/** Parser of the name of an account or client. */
export const plainName = (name: string): string => {
  if (!NAME.test(name))
    throw new InvalidArgumentError('A name has 1 to 200 printable ASCII characters without blanks.');
  return name;
};

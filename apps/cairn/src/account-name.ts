import { InvalidArgumentError } from 'commander';
import { personName } from '#platform/tokens/user-name.js';

const NAME = /^[\x21-\x7e]{1,200}$/;

/** Parser of the name of an account or client. */
export const plainName = (name: string): string => {
  if (!NAME.test(name))
    throw new InvalidArgumentError('A name has 1 to 200 printable ASCII characters without blanks.');
  return name;
};

/** Parser of the name of a new user. */
export const newUserName = (name: string): string => {
  if (personName(plainName(name)) === undefined) throw new InvalidArgumentError('This name is reserved.');
  return name;
};

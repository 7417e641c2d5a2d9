import { Command, InvalidArgumentError } from 'commander';
import { makeBusKeys, type RotationStep } from '#bus/bus-keys.js';
import { PROCESSES, type ProcessName } from '#bus/contract.js';
import { isProcessName } from '#bus/message-keys.js';
import { type Terminal, UsageError } from './command-line.js';
import { natsPermissions } from './nats-permissions.js';

const processName = (text: string): ProcessName => {
  if (!isProcessName(text)) throw new InvalidArgumentError(`It is one of ${PROCESSES.join(', ')}.`);
  return text;
};

type Steps = Readonly<Partial<Record<RotationStep, ProcessName>>>;

const rotationOf = (steps: Steps) => {
  const rotations = (['add', 'use', 'drop'] as const).flatMap((step) => {
    const process = steps[step];
    return process === undefined ? [] : [{ process, step }];
  });
  if (rotations.length > 1) throw new UsageError('one step at a time: restart all processes after each');
  return rotations[0];
};

/** `cairn bus` */
export const busCommand = ({ stdout }: Terminal): Command => {
  const command = new Command('bus').description('What separate processes need to trust each other over NATS.');
  command
    .command('keys')
    .argument('<folder>', 'where the keys are, or are to be made')
    .description(
      `make the keys that are missing: a folder for each process with its secrets (message-key.pem, nats.nk), public-keys.json for all
processes, and nats-users.conf for the broker. The options replace the message key of a process without an interruption; restart all
processes with the new files after each.`,
    )
    .option('--add <process>', 'step 1: make a second key, which others accept', processName)
    .option('--use <process>', 'step 2: let the process use it', processName)
    .option('--drop <process>', 'step 3: remove the first key', processName)
    .action((folder: string, steps: Steps) => makeBusKeys(folder, rotationOf(steps)));
  command
    .command('permissions')
    .description("print the part of the broker's configuration that says what each process may send and receive")
    .action(() => {
      stdout.write(natsPermissions());
    });
  return command;
};

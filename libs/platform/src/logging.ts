import { type LoggerService } from '@nestjs/common';
import { type DestinationStream, pino } from 'pino';
import { currentCorrelationId } from './correlation.js';
import type { Environment } from './environment.js';
import { redacted, SECRET_NAMES } from './redaction.js';

/**
 * Structured log: fields first, then what happened. Implemented by pino as it is. An abstract class, so that it is its own
 * Nest token.
 */
export abstract class Log {
  abstract debug(fields: object, message: string): void;
  abstract info(fields: object, message: string): void;
  abstract warn(fields: object, message: string): void;
  abstract error(fields: object, message: string): void;
}

/**
 * JSON lines on stderr (stdout belongs to the command), written at once so that none is lost in a crash. Lines carry the
 * correlation id of the request they belong to; secrets are hidden in fields of any depth and in texts (see {@link redacted}).
 */
export const createLog = (
  { LOG_LEVEL }: Pick<Environment, 'LOG_LEVEL'>,
  service: string,
  destination: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Log =>
  pino(
    {
      level: LOG_LEVEL,
      base: { service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
      mixin: () => {
        const correlationId = currentCorrelationId();
        return correlationId === undefined ? {} : { correlationId };
      },
      // Members that are no strings; those that are, and texts with secrets in them, are hidden in the finished line.
      redact: { paths: SECRET_NAMES.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[hidden]' },
      hooks: { streamWrite: redacted },
    },
    destination,
  );

/** What Nest prints while it wires modules together is of use only to somebody who debugs the wiring. */
export class NestLog implements LoggerService {
  constructor(private readonly logger: Log) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(fieldsOf(message, rest), textOf(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error(fieldsOf(message, rest), textOf(message));
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn(fieldsOf(message, rest), textOf(message));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(fieldsOf(message, rest), textOf(message));
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.logger.debug(fieldsOf(message, rest), textOf(message));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.logger.error(fieldsOf(message, rest), textOf(message));
  }
}

const textOf = (message: unknown): string =>
  message instanceof Error ? message.message : typeof message === 'string' ? message : JSON.stringify(message);

/** Nest hands over any number of extras, the last text being the context (the class that logs). */
const fieldsOf = (message: unknown, rest: readonly unknown[]): object => {
  const context = rest.at(-1);
  const error = [message, ...rest].find((entry) => entry instanceof Error);
  const stack = rest.length > 1 && typeof rest[0] === 'string' ? rest[0] : undefined;
  return {
    ...(typeof context === 'string' ? { context } : {}),
    ...(error === undefined ? {} : { error }),
    ...(stack === undefined ? {} : { stack }),
  };
};

import type { onSendHookHandler } from 'fastify';
import { pipeline, Readable, Transform } from 'node:stream';
import { isResponseBody, isText, type ResponseBody } from './response-body.js';

/** Programs whose output people read in a terminal. Libraries have other names and get what they always got. */
const TERMINAL_CLIENT = /^(?:curl|Wget|HTTPie)\//;

const LINE_END = '\n';
const LINE_END_CODE = LINE_END.charCodeAt(0);

const isLineEnd = (last: string | number | undefined): boolean => last === LINE_END || last === LINE_END_CODE;

const streamWithLineEnd = (stream: Readable): Readable => {
  let endsLine = false;
  const transform = new Transform({
    writableObjectMode: true,
    transform(chunk: string | Buffer, _encoding, done) {
      if (chunk.length > 0) endsLine = isLineEnd(chunk.at(-1));
      done(null, chunk);
    },
    flush(done) {
      done(null, endsLine ? undefined : LINE_END);
    },
  });
  return pipeline(stream, transform, () => undefined);
};

const withLineEnd = (body: ResponseBody): ResponseBody => {
  if (body instanceof Readable) return streamWithLineEnd(body);
  if (isLineEnd(body.at(-1))) return body;
  return typeof body === 'string' ? body + LINE_END : Buffer.concat([body, Buffer.from(LINE_END)]);
};

/** Ends texts for terminals with a line end, so that the prompt stands on a line of its own. */
export const terminalLineEnd: onSendHookHandler = (request, reply, payload, done) => {
  const client = request.headers['user-agent'];
  if (client === undefined || !TERMINAL_CLIENT.test(client) || !isResponseBody(payload) || !isText(reply)) {
    done(null, payload);
    return;
  }
  // A stream whose length has been announced is sent as it is.
  const isFixed = payload instanceof Readable && reply.hasHeader('content-length');
  done(null, isFixed ? payload : withLineEnd(payload));
};

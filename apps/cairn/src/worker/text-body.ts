import { createReadStream } from 'node:fs';

/**
 * JSON of an object with one more member: the text in a file. Streamed, so that its size does not matter; bytes that are
 * not UTF-8 become U+FFFD.
 *
 * @param object JSON text of an object that has members
 */
export const bodyWithText = (object: string, member: string, file: string): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder();
  const parts = async function* (): AsyncGenerator<Uint8Array> {
    yield encoder.encode(`${object.slice(0, -1)},${JSON.stringify(member)}:"`);
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    const escaped = (text: string): Uint8Array => encoder.encode(JSON.stringify(text).slice(1, -1));
    for await (const chunk of createReadStream(file)) yield escaped(decoder.decode(chunk as Buffer, { stream: true }));
    yield escaped(decoder.decode());
    yield encoder.encode('"}');
  };
  return ReadableStream.from(parts());
};

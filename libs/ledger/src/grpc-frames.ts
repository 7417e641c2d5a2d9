/** A message begins with a byte that says whether it is compressed, and its length in four bytes. */
const PREFIX_BYTES = 5;

/** Messages of a gRPC call in the form in which they are sent. */
export const grpcFrames = (messages: readonly Uint8Array[]): Buffer => {
  const frames = Buffer.allocUnsafe(messages.reduce((sum, { length }) => sum + PREFIX_BYTES + length, 0));
  let at = 0;
  for (const message of messages) {
    frames[at] = 0;
    frames.writeUInt32BE(message.length, at + 1);
    frames.set(message, at + PREFIX_BYTES);
    at += PREFIX_BYTES + message.length;
  }
  return frames;
};

/** Takes the bytes of a call as they come, and gives its messages. Nothing is copied but what a message has in two parts. */
export class GrpcMessages {
  private parts: Buffer[] = [];
  private bytes = 0;
  /** Bytes that the next message needs with its prefix, as far as known. */
  private needed = PREFIX_BYTES;

  /** @throws Error for a compressed message, which this side has not offered to read */
  take(chunk: Buffer): readonly Buffer[] {
    this.parts.push(chunk);
    this.bytes += chunk.length;
    // A large message comes in many parts: they are joined once.
    if (this.bytes < this.needed) return [];
    const whole = this.parts.length === 1 ? chunk : Buffer.concat(this.parts);
    const messages: Buffer[] = [];
    let at = 0;
    for (;;) {
      const left = whole.length - at;
      this.needed = left < PREFIX_BYTES ? PREFIX_BYTES : PREFIX_BYTES + whole.readUInt32BE(at + 1);
      if (left < this.needed) break;
      if (whole[at] !== 0) throw new Error('The server sent a compressed message');
      messages.push(whole.subarray(at + PREFIX_BYTES, at + this.needed));
      at += this.needed;
    }
    this.parts = at < whole.length ? [whole.subarray(at)] : [];
    this.bytes = whole.length - at;
    return messages;
  }
}

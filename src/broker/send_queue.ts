/**
 * What is to be sent to a peer, in pieces: a socket only tells when it has got rid of a whole write, and a peer that
 * takes a large answer slowly is to be told from one that takes nothing.
 *
 * @module
 */
import type { Socket } from "node:net";
import { readBuffers } from "./state/read_buffers.ts";

/**
 * A fetch of Kafka's usual 1 MiB goes out whole, as each write has its price. With the usual 60 s for a piece, a peer that
 * takes 18 KB/s is seen to take something; the system's own buffers tell little earlier.
 */
const PIECE_BYTES = (1024 + 64) * 1024;

/** See the module. Its bound is the sender's: {@linkcode SendQueue.pendingBytes} tells when to send no more. */
export class SendQueue {
  readonly #socket: Socket;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  /** @param onTaken the peer has taken a piece of what it let wait */
  constructor(socket: Socket, onTaken: () => void) {
    this.#socket = socket;
    socket.on("drain", () => {
      this.#write();
      onTaken();
    });
  }

  /** Bytes that the peer has not taken yet, as far as the system tells. */
  get pendingBytes(): number {
    return this.#waitingBytes + this.#socket.writableLength;
  }

  /** Of these, what is no passing matter: the peer lets it wait, and will be heard of when it does not. */
  get heldBytes(): number {
    return this.#socket.writableNeedDrain ? this.pendingBytes : this.#waitingBytes;
  }

  /** Whether something waits for the socket to get rid of what it has. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Sends `bytes` behind what is there. They belong to the queue. */
  send(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#write();
  }

  /** Gives the socket pieces until it wants to get rid of them first. */
  #write(): void {
    while (!this.#socket.writableNeedDrain) {
      const next = this.#waiting[0];
      if (next === undefined) return;
      const piece = next.length <= PIECE_BYTES ? next : next.subarray(0, PIECE_BYTES);
      if (piece === next) this.#waiting.shift();
      else this.#waiting[0] = next.subarray(PIECE_BYTES);
      this.#waitingBytes -= piece.length;
      // Only the last piece gives memory back, and only when the system has it: an ended socket may still look at it.
      if (piece !== next || !readBuffers.isLent(piece)) this.#socket.write(piece);
      else this.#socket.write(piece, (fault) => fault ? undefined : readBuffers.giveBack(piece));
    }
  }
}

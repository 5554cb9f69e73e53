/**
 * What answers for a participant.
 *
 * @module
 */

/** A request, as a brain sees it. */
export interface Question {
  readonly id: string;
  readonly from: string;
  readonly text: string;
  /** Epoch ms; undefined if the asker waits without end. */
  readonly deadlineMs: number | undefined;
}

/** Answers questions. A throw becomes an error reply that carries its message. */
export interface Brain extends AsyncDisposable {
  /** So many questions are answered at the same time. */
  readonly concurrency: number;
  answer(question: Question, signal: AbortSignal): Promise<string>;
}

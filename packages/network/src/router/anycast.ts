// Which of several instances of a service a sender's messages go to: the nearest, of equally near ones the less loaded;
// and then the same one for as long as the sender goes on.

import type { NodeId } from '../frame/frame.ts';
import { hashText } from './hash.ts';

export interface Candidate {
  readonly node: NodeId;
  readonly distance: number;
  readonly load: number;
}

export interface AnycastOptions {
  /** After so long a silence between sender and name the choice is made anew. */
  readonly stickyMs: number;
  /** Choices that are remembered; the oldest is forgotten for a new one. */
  readonly choicesMax: number;
}

export const ANYCAST_OPTIONS: AnycastOptions = { stickyMs: 1000, choicesMax: 65_536 };

interface Choice {
  readonly node: NodeId;
  usedAtMs: number;
}

export class Anycast {
  readonly #options: AnycastOptions;
  /** By sender and name, in the order of their making. */
  readonly #choices = new Map<string, Choice>();

  constructor(options: AnycastOptions) {
    this.#options = options;
  }

  /**
   * Chooses one.
   * @param sender empty: nothing is remembered
   * @param name whom the message is for, as addressed
   */
  choose(sender: string, name: string, candidates: readonly Candidate[], now: number): NodeId | undefined {
    if (sender === '') return best(candidates, name)?.node;
    const key = `${sender}>${name}`;
    const choice = this.#choices.get(key);
    if (choice !== undefined && now - choice.usedAtMs < this.#options.stickyMs) {
      if (candidates.some(({ node }) => node === choice.node)) {
        choice.usedAtMs = now;
        return choice.node;
      }
    }
    this.#choices.delete(key);
    const node = best(candidates, key)?.node;
    if (node !== undefined) this.#remember(key, { node, usedAtMs: now });
    return node;
  }

  #remember(key: string, choice: Choice): void {
    if (this.#choices.size >= this.#options.choicesMax) {
      for (const oldest of this.#choices.keys()) {
        this.#choices.delete(oldest);
        break;
      }
    }
    this.#choices.set(key, choice);
  }
}

/** Of equally near and loaded ones each key has its own, so that they share the senders, and it is the same each time. */
function best(candidates: readonly Candidate[], key: string): Candidate | undefined {
  let found: Candidate | undefined;
  for (const candidate of candidates) if (found === undefined || isBetter(candidate, found, key)) found = candidate;
  return found;
}

function isBetter(a: Candidate, b: Candidate, key: string): boolean {
  if (a.distance !== b.distance) return a.distance < b.distance;
  if (a.load !== b.load) return a.load < b.load;
  const [rankA, rankB] = [hashText(key + a.node), hashText(key + b.node)];
  return rankA === rankB ? a.node < b.node : rankA < rankB;
}

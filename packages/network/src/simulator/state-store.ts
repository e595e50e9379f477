// One object for equal link states, however many simulated machines have it.

import type { DigestEntry, UpdateFrame } from '../frame/frame.ts';
import type { SharedStates } from '../router/database.ts';
import type { LinkState } from '../router/link-state.ts';

/** Of each origin the latest states are held: older ones are nobody's any more, or are merely not shared again. */
const STATES_MAX = 4;

export class StateStore implements SharedStates {
  readonly #states = { update: new Map<string, LinkState[]>(), summary: new Map<string, LinkState[]>() };

  find(about: UpdateFrame['kind'], { origin, incarnation, sequence }: DigestEntry): LinkState | undefined {
    const states = this.#states[about].get(origin);
    return states?.find((state) => state.sequence === sequence && state.incarnation === incarnation);
  }

  share(about: UpdateFrame['kind'], state: LinkState): LinkState {
    // Equal states may differ in how far back they remember removals; which of them is kept makes no other difference.
    const known = this.find(about, state);
    if (known !== undefined) return known;
    const states = this.#states[about].get(state.origin);
    if (states === undefined) this.#states[about].set(state.origin, [state]);
    else {
      states.unshift(state);
      if (states.length > STATES_MAX) states.pop();
    }
    return state;
  }
}

// Brings each message to the handlers and sequences that want it; it only dispatches.

import { CommunicatorError } from '../errors.ts';
import { COMMAND, type Message } from '../wire/message.ts';
import { Inbox, type MessagesOptions } from './inbox.ts';

/** A handler that has its message; what it returns is waited for when the program ends. */
type Run = (message: Message) => unknown;

/** Which commands are handled by whom. */
export class Dispatcher {
  readonly #handlers = new Map<string, Set<Run>>();
  readonly #inboxes = new Set<Inbox>();
  readonly #inboxesByCommand = new Map<string, Set<Inbox>>();
  readonly #onCommand: (command: string) => void;

  /** @param onCommand a command is understood from now on that was not before */
  constructor(onCommand: (command: string) => void) {
    this.#onCommand = onCommand;
  }

  /** @returns a function that takes the handler away again */
  handle(command: string, run: Run): () => void {
    return this.#add(this.#handlers, command, run);
  }

  /** A sequence of the messages with this command, or of all. @throws the reason of a signal that is aborted already */
  messages(command: string | undefined, options: MessagesOptions): Inbox {
    options.signal?.throwIfAborted();
    let remove = (): void => {};
    const inbox = new Inbox(command === undefined ? '' : `'${command}'`, options, () => remove());
    if (command !== undefined) {
      remove = this.#add(this.#inboxesByCommand, command, inbox);
    } else {
      this.#inboxes.add(inbox);
      remove = () => void this.#inboxes.delete(inbox);
    }
    return inbox;
  }

  #add<T>(table: Map<string, Set<T>>, command: string, item: T): () => void {
    if (!COMMAND.test(command)) {
      throw new CommunicatorError(
        'INVALID_MESSAGE',
        `${JSON.stringify(command)} is not a command; expected capitals, digits and _, as in LOG_ROTATE`,
      );
    }
    let items = table.get(command);
    if (items === undefined) table.set(command, (items = new Set()));
    items.add(item);
    this.#onCommand(command);
    return () => {
      items.delete(item);
      if (items.size === 0 && table.get(command) === items) table.delete(command);
    };
  }

  /** The commands that somebody waits for. */
  get commands(): string[] {
    return [...new Set([...this.#handlers.keys(), ...this.#inboxesByCommand.keys()])];
  }

  /**
   * @param isRoutine whether it is the protocol's own talk, of interest only to who asks for that very command
   * @returns whether anybody took it
   */
  dispatch(message: Message, isRoutine: boolean): boolean {
    const handlers = this.#handlers.get(message.command);
    const inboxes = this.#inboxesByCommand.get(message.command);
    if (handlers === undefined && inboxes === undefined && this.#inboxes.size === 0) return false;
    if (!isRoutine) for (const inbox of this.#inboxes) inbox.push(message);
    for (const inbox of inboxes ?? []) inbox.push(message);
    for (const run of handlers ?? []) run(message);
    return true;
  }

  /** No more messages will come. */
  close(): void {
    for (const inbox of [
      ...this.#inboxes,
      ...[...this.#inboxesByCommand.values()].flatMap((inboxes) => [...inboxes]),
    ]) {
      inbox.close();
    }
  }
}

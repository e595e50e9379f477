// The daemon's own lines: answers to one connection, and what it tells everybody who listens.

import { encodeJson, encodeMessage } from 'snapcommunicator/wire';
import type { Connection } from '../connections/connection.ts';
import type { ForwardingTable } from '../switch/forwarding-table.ts';
import type { Output } from '../switch/output.ts';
import type { Counters } from './counters.ts';

export type Values = Readonly<Record<string, string | number | undefined>>;

/** Parameters as text; those without a value are left out. */
export function textParameters(values: Values): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) if (value !== undefined) parameters[name] = String(value);
  return parameters;
}

export class Speaker {
  readonly #server: string;
  readonly #output: Output;
  readonly #table: ForwardingTable;
  readonly #counters: Counters;

  constructor(server: string, output: Output, table: ForwardingTable, counters: Counters) {
    this.#server = server;
    this.#output = output;
    this.#table = table;
    this.#counters = counters;
  }

  /** `<me:communicatord COMMAND parameters` to one connection. Lost, without harm, when its queue is full. */
  tell(connection: Connection, command: string, values: Values = {}): void {
    const { destination } = connection;
    if (destination === undefined) return;
    const parts = {
      sentFromServer: this.#server,
      sentFromService: 'communicatord',
      command,
      parameters: textParameters(values),
    };
    const isJson = connection.writesJson && destination.transform === undefined;
    const line = Buffer.from(`${isJson ? encodeJson(parts) : encodeMessage(parts)}\n`);
    if (this.#output.append(destination, line, undefined) === 'queued') this.#counters.own++;
  }

  /** `<me:communicatord ./COMMAND parameters` to every service here that lists the command. */
  announce(command: string, values: Values = {}): void {
    const group = this.#table.groupOf(command, undefined);
    if (group === undefined) return;
    const parts = {
      sentFromServer: this.#server,
      sentFromService: 'communicatord',
      service: '.',
      command,
      parameters: textParameters(values),
    };
    this.#counters.own++;
    this.#output.append(group, Buffer.from(`${encodeMessage(parts)}\n`), undefined);
  }
}

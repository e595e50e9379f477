// What is on this machine: its services and who listens to which command, each behind a port.

/** An output of the switch, by its index: a service's connection, or a link. */
export type Port = number;

export type MachineInput =
  /** A service of this machine has come; one that is not announced is known to this machine only. */
  | { readonly kind: 'service-up'; readonly service: string; readonly port: Port; readonly isAnnounced: boolean }
  | { readonly kind: 'service-down'; readonly service: string }
  /** What is behind a port understands these commands too. */
  | { readonly kind: 'commands'; readonly port: Port; readonly commands: readonly string[] }
  /** A port is gone, and with it all that was behind it. */
  | { readonly kind: 'port-down'; readonly port: Port };

/** Changes of the forwarding table. */
export type TableEffect =
  | { readonly kind: 'forward'; readonly service: string; readonly ports: readonly Port[]; readonly version: number }
  | { readonly kind: 'listeners'; readonly command: string; readonly version: number };

export interface LocalService {
  readonly port: Port;
  readonly isAnnounced: boolean;
}

/**
 * What was said to be behind a port, so that its loss costs no search. Of 10,000 connections nearly all have one service and
 * no commands: two sets for each would be most of what they take here.
 */
interface Behind {
  readonly services: string[];
  commands: ReadonlySet<string>;
}

export class Machine {
  readonly #services = new Map<string, LocalService>();
  readonly #listeners = new Map<string, Set<Port>>();
  readonly #behind = new Map<Port, Behind>();
  readonly #nextVersion: () => number;
  readonly #announce: (service: string) => void;

  /**
   * @param nextVersion counts the changes of the forwarding table
   * @param announce is told each announced service whose presence or commands changed
   */
  constructor(nextVersion: () => number, announce: (service: string) => void) {
    this.#nextVersion = nextVersion;
    this.#announce = announce;
  }

  step(input: MachineInput): TableEffect[] {
    switch (input.kind) {
      case 'service-up': {
        const before = this.#services.get(input.service);
        this.#services.set(input.service, { port: input.port, isAnnounced: input.isAnnounced });
        addService(this.#behindOf(input.port), input.service);
        if (input.isAnnounced || before?.isAnnounced) this.#announce(input.service);
        return [this.#forwardEffect(input.service)];
      }
      case 'service-down':
        this.#removeService(input.service);
        return [this.#forwardEffect(input.service)];
      case 'commands':
        return this.#addListener(input.port, input.commands);
      case 'port-down':
        return this.#removePort(input.port);
    }
  }

  service(name: string): LocalService | undefined {
    return this.#services.get(name);
  }

  services(): IterableIterator<[name: string, service: LocalService]> {
    return this.#services.entries();
  }

  /** Ports behind which somebody lists the command. */
  listeners(command: string): ReadonlySet<Port> {
    return this.#listeners.get(command) ?? NO_PORTS;
  }

  /** What a service understands, as others are told: comma-separated, in order; undefined if they are not told of it. */
  announcement(name: string): string | undefined {
    const service = this.#services.get(name);
    if (!service?.isAnnounced) return undefined;
    return [...this.#behindOf(service.port).commands].sort().join(',');
  }

  #forwardEffect(service: string): TableEffect {
    const local = this.#services.get(service);
    return { kind: 'forward', service, ports: local === undefined ? [] : [local.port], version: this.#nextVersion() };
  }

  #addListener(port: Port, commands: readonly string[]): TableEffect[] {
    const effects: TableEffect[] = [];
    for (const command of commands) {
      let ports = this.#listeners.get(command);
      if (ports === undefined) {
        ports = new Set();
        this.#listeners.set(command, ports);
      }
      if (ports.has(port)) continue;
      ports.add(port);
      addCommand(this.#behindOf(port), command);
      effects.push({ kind: 'listeners', command, version: this.#nextVersion() });
    }
    if (effects.length > 0) {
      for (const service of this.#behindOf(port).services)
        if (this.#services.get(service)?.isAnnounced) this.#announce(service);
    }
    return effects;
  }

  #removePort(port: Port): TableEffect[] {
    const effects: TableEffect[] = [];
    const { services, commands } = this.#behindOf(port);
    this.#behind.delete(port);
    for (const service of services) {
      // It may have come back behind another port before this one was closed.
      if (this.#services.get(service)?.port === port) this.#removeService(service);
      effects.push(this.#forwardEffect(service));
    }
    for (const command of commands) {
      const ports = this.#listeners.get(command);
      ports?.delete(port);
      if (ports?.size === 0) this.#listeners.delete(command);
      effects.push({ kind: 'listeners', command, version: this.#nextVersion() });
    }
    return effects;
  }

  #removeService(service: string): void {
    const local = this.#services.get(service);
    if (local === undefined) return;
    this.#services.delete(service);
    removeService(this.#behind.get(local.port), service);
    if (local.isAnnounced) this.#announce(service);
  }

  #behindOf(port: Port): Behind {
    let behind = this.#behind.get(port);
    if (behind === undefined) {
      behind = { services: [], commands: NOTHING };
      this.#behind.set(port, behind);
    }
    return behind;
  }
}

const NO_PORTS: ReadonlySet<Port> = new Set();
const NOTHING: ReadonlySet<string> = new Set();

function addService({ services }: Behind, service: string): void {
  if (!services.includes(service)) services.push(service);
}

function removeService(behind: Behind | undefined, service: string): void {
  const place = behind?.services.indexOf(service) ?? -1;
  if (place !== -1) behind?.services.splice(place, 1);
}

function addCommand(behind: Behind, command: string): void {
  if (behind.commands === NOTHING) behind.commands = new Set();
  (behind.commands as Set<string>).add(command);
}

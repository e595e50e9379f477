// The router: which ports a message leaves by. Pure: inputs and the time go in, effects come out.
//
// On one machine it knows the services and listeners of that machine. The graph of other machines joins it here: more
// inputs (links, link state), the same effects, so that the switch need not change.

/** An output of the switch, by its index. */
export type Port = number;

/** Where a broadcast goes: this machine, this data centre, everywhere. */
export type Scope = 'machine' | 'network' | 'cluster';

export type RouterInput =
  /** A service of this machine has come; one that is not announced is known to this machine only. */
  | { readonly kind: 'service-up'; readonly service: string; readonly port: Port; readonly isAnnounced: boolean }
  | { readonly kind: 'service-down'; readonly service: string }
  /** What is behind a port understands these commands too. */
  | { readonly kind: 'commands'; readonly port: Port; readonly commands: readonly string[] }
  /** A port is gone, and with it all that was behind it. */
  | { readonly kind: 'port-down'; readonly port: Port };

/** Changes of the forwarding table. */
export type RouterEffect =
  | { readonly kind: 'forward'; readonly service: string; readonly ports: readonly Port[]; readonly version: number }
  | { readonly kind: 'listeners'; readonly command: string; readonly version: number };

/** What to do with a message. */
export type Decision =
  /** It is for this daemon itself. */
  | { readonly kind: 'daemon' }
  | { readonly kind: 'port'; readonly port: Port }
  | { readonly kind: 'broadcast'; readonly scope: Scope }
  /** Nothing answers to the address now; `destination` names the queue in which it may wait. */
  | { readonly kind: 'absent'; readonly destination: string }
  /** The address contradicts itself. */
  | { readonly kind: 'contradiction'; readonly reason: string };

export interface RouterSnapshot {
  readonly server: string;
  readonly services: readonly { readonly service: string; readonly port: Port; readonly isAnnounced: boolean }[];
}

const DAEMON_NAMES = new Set(['', 'communicatord', 'snapcommunicator']);
const SCOPES: Readonly<Record<string, Scope>> = { '.': 'machine', '?': 'network', '*': 'cluster' };

interface LocalService {
  readonly port: Port;
  readonly isAnnounced: boolean;
}

/** What was said to be behind a port, so that its loss costs no search. */
interface Behind {
  readonly services: Set<string>;
  readonly commands: Set<string>;
}

export class Router {
  readonly #server: string;
  readonly #services = new Map<string, LocalService>();
  readonly #listeners = new Map<string, Set<Port>>();
  readonly #behind = new Map<Port, Behind>();
  #version = 0;

  /** @param server the name of this machine, in lower case */
  constructor(server: string) {
    this.#server = server;
  }

  /** Takes one input. `now` is unused while there are no links, and part of the interface because there will be. */
  step(input: RouterInput, _now: number): RouterEffect[] {
    switch (input.kind) {
      case 'service-up':
        this.#services.set(input.service, { port: input.port, isAnnounced: input.isAnnounced });
        this.#behindOf(input.port).services.add(input.service);
        return [this.#forwardEffect(input.service)];
      case 'service-down':
        this.#removeService(input.service);
        return [this.#forwardEffect(input.service)];
      case 'commands':
        return this.#addListener(input.port, input.commands);
      case 'port-down':
        return this.#removePort(input.port);
    }
  }

  /**
   * Decides about one message. The switch asks only on a miss of its table.
   * @param server as in the message; compared without regard to case
   */
  forward(server: string, service: string): Decision {
    const machine = server.toLowerCase();
    const scope = SCOPES[service];
    if (scope !== undefined) return this.#broadcast(machine, service, scope);
    const isHere = machine === '' || machine === '*' || machine === '.' || machine === this.#server;
    if (DAEMON_NAMES.has(service)) {
      return isHere ? { kind: 'daemon' } : { kind: 'absent', destination: `${machine}:communicatord` };
    }
    const local = isHere ? this.#services.get(service) : undefined;
    if (local !== undefined) return { kind: 'port', port: local.port };
    return {
      kind: 'absent',
      destination: machine === '' || machine === '*' ? service : `${this.#nameOf(machine)}:${service}`,
    };
  }

  /** The queues whose messages a service of this machine may have: those for it anywhere, and for it here. */
  queuesOf(service: string): readonly string[] {
    return [service, `${this.#server}:${service}`];
  }

  /** Ports behind which somebody lists the command. */
  listeners(command: string): ReadonlySet<Port> {
    return this.#listeners.get(command) ?? NO_PORTS;
  }

  /** When `step` wants to be called without another input; undefined: never. */
  nextDeadline(): number | undefined {
    return undefined;
  }

  /** The graph as seen from here. */
  snapshot(): RouterSnapshot {
    return { server: this.#server, services: [...this.#services].map(([service, local]) => ({ service, ...local })) };
  }

  #nameOf(machine: string): string {
    return machine === '.' ? this.#server : machine;
  }

  #broadcast(machine: string, mark: string, scope: Scope): Decision {
    if (machine === '' || (machine === '*' && mark === '*')) return { kind: 'broadcast', scope };
    const isHere = machine === '.' || machine === '*' || machine === this.#server;
    if (mark === '.' && isHere) return { kind: 'broadcast', scope: 'machine' };
    if (mark === '.' && machine !== '?') return { kind: 'absent', destination: `${machine}:.` };
    return {
      kind: 'contradiction',
      reason: `${machine}:${mark} names a machine and other machines at once; write ./ for this machine, ?/ for this data centre, */ for all, SERVER:./ for one`,
    };
  }

  #forwardEffect(service: string): RouterEffect {
    const local = this.#services.get(service);
    return { kind: 'forward', service, ports: local === undefined ? [] : [local.port], version: ++this.#version };
  }

  #addListener(port: Port, commands: readonly string[]): RouterEffect[] {
    const effects: RouterEffect[] = [];
    for (const command of commands) {
      let ports = this.#listeners.get(command);
      if (ports === undefined) {
        ports = new Set();
        this.#listeners.set(command, ports);
      }
      if (ports.has(port)) continue;
      ports.add(port);
      this.#behindOf(port).commands.add(command);
      effects.push({ kind: 'listeners', command, version: ++this.#version });
    }
    return effects;
  }

  #removePort(port: Port): RouterEffect[] {
    const effects: RouterEffect[] = [];
    const { services, commands } = this.#behindOf(port);
    this.#behind.delete(port);
    for (const service of services) {
      this.#removeService(service);
      effects.push(this.#forwardEffect(service));
    }
    for (const command of commands) {
      const ports = this.#listeners.get(command);
      ports?.delete(port);
      if (ports?.size === 0) this.#listeners.delete(command);
      effects.push({ kind: 'listeners', command, version: ++this.#version });
    }
    return effects;
  }

  #removeService(service: string): void {
    const local = this.#services.get(service);
    if (local === undefined) return;
    this.#services.delete(service);
    this.#behind.get(local.port)?.services.delete(service);
  }

  #behindOf(port: Port): Behind {
    let behind = this.#behind.get(port);
    if (behind === undefined) {
      behind = { services: new Set(), commands: new Set() };
      this.#behind.set(port, behind);
    }
    return behind;
  }
}

const NO_PORTS: ReadonlySet<Port> = new Set();

// Networks of a test as a table: which machines, on which networks, with what delay; then what goes wrong with them.
//
// Each machine is a namespace. All networks are bridges in one further namespace, the switch, and every machine has one
// cable to it for each network that it is on. Faults happen in the switch, so that no machine can notice more of them
// than it could of a real one. Nothing reaches the namespace of the test itself.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { feed, Namespaces } from './namespaces.ts';

/** Who is on a network, and how far they are from each other. */
export interface Segment {
  readonly machines: readonly string[];
  /** Between the first machine and all others, there and back; default 0. */
  readonly roundTripMs?: number;
  /** Of all IP packets on it; default 0. */
  readonly lossPercent?: number;
}

export interface NetworkPlan {
  /** By name, of at most 11 characters; just the machines if nothing else is to be said. */
  readonly networks: Readonly<Record<string, Segment | readonly string[]>>;
  /** By machine that translates addresses: the network on which only its own address is seen. */
  readonly masquerade?: Readonly<Record<string, string>>;
  /** By machine, through which one it reaches networks that it is not on. */
  readonly gateways?: Readonly<Record<string, string>>;
}

const SWITCH = 'switch';
const relayProgram = fileURLToPath(new URL('delay.py', import.meta.url));
const relayReadyMsMax = 10_000;

/** Drops what goes from one port to another while the two are in the set. */
const FAULTS = `table bridge faults {
  set cut { typeof iifname . oifname; }
  chain forward {
    type filter hook forward priority filter;
    iifname . oifname @cut drop
  }
}
`;

const NAT = 'add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; };';

/** The bridge behind the cable with a length. */
const farOf = (network: string): string => `${network}.far`;

/** A running network. */
export class Network {
  readonly machines: readonly string[];
  readonly #segments: ReadonlyMap<string, Segment>;
  readonly #namespaces = new Namespaces();
  readonly #relays: ChildProcess[] = [];
  /** Both directions of every pair that is cut off from each other. */
  readonly #cut = new Set<string>();

  private constructor(segments: ReadonlyMap<string, Segment>) {
    this.#segments = segments;
    this.machines = [...new Set([...segments.values()].flatMap(({ machines }) => machines))];
  }

  /** Makes it all. Needs what `missingForNamespaces` looks for. */
  static async create({ networks, masquerade = {}, gateways = {} }: NetworkPlan): Promise<Network> {
    const segments = Object.entries(networks).map(
      ([name, segment]) => [name, 'machines' in segment ? segment : { machines: segment }] as const,
    );
    const network = new Network(new Map(segments));
    try {
      await network.#build();
      for (const [machine, outside] of Object.entries(masquerade)) await network.#translate(machine, outside);
      for (const [machine, gateway] of Object.entries(gateways)) {
        const [shared] = network.shared(machine, gateway);
        if (shared === undefined) throw new Error(`${machine} is on no network of its gateway ${gateway}`);
        network.#namespaces.configure(machine, [`route add default via ${network.addressOf(gateway, shared)}`]);
      }
      return network;
    } catch (error) {
      network.remove();
      throw error;
    }
  }

  /** Ends what runs in it and removes it. */
  remove(): void {
    for (const relay of this.#relays) relay.kill('SIGKILL');
    this.#namespaces.remove();
  }

  /** Its address on this network, or on the first that it is on. */
  addressOf(machine: string, network = this.networksOf(machine)[0]): string {
    const at = [...this.#segments.keys()].indexOf(network ?? '');
    if (network === undefined || !this.networksOf(machine).includes(network)) {
      throw new Error(`${machine} is not on network ${network ?? '(none)'}`);
    }
    return `10.77.${at}.${this.machines.indexOf(machine) + 1}`;
  }

  /** The networks that it is on, in the order of the plan. */
  networksOf(machine: string): string[] {
    return [...this.#segments].filter(([, { machines }]) => machines.includes(machine)).map(([name]) => name);
  }

  /** The networks that both are on. */
  shared(one: string, other: string): readonly string[] {
    return this.networksOf(one).filter((network) => this.networksOf(other).includes(network));
  }

  /** What a command begins with to run on this machine. */
  inside(machine: string): readonly string[] {
    return this.#namespaces.inside(machine);
  }

  /** Runs a command on this machine, to its end. @returns what it printed */
  run(machine: string, command: readonly string[]): Promise<string> {
    return this.#namespaces.run(machine, command);
  }

  /**
   * From now on nothing passes between any of these and any of those, and nobody is told: cables and sockets stand.
   * @param over only on this network; default on all that they share
   */
  async cut(these: readonly string[], those: readonly string[], over?: string): Promise<void> {
    const pairs = this.#directions(these, those, over).filter((pair) => !this.#cut.has(pair));
    if (pairs.length === 0) throw new Error(`nothing to cut between ${these.join()} and ${those.join()}`);
    await this.run(SWITCH, ['nft', `add element bridge faults cut { ${pairs.join(', ')} }`]);
    for (const pair of pairs) this.#cut.add(pair);
  }

  /** Takes back `cut`, of these or of all. */
  async mend(
    these: readonly string[] = this.machines,
    those: readonly string[] = this.machines,
    over?: string,
  ): Promise<void> {
    const pairs = this.#directions(these, those, over).filter((pair) => this.#cut.has(pair));
    if (pairs.length === 0) return;
    await this.run(SWITCH, ['nft', `delete element bridge faults cut { ${pairs.join(', ')} }`]);
    for (const pair of pairs) this.#cut.delete(pair);
  }

  /** Pulls the cable: this machine sees that the network is gone. Others on it do not. */
  async unplug(machine: string, network: string): Promise<void> {
    await this.run(SWITCH, ['ip', 'link', 'set', this.#portOf(machine, network), 'down']);
  }

  async plug(machine: string, network: string): Promise<void> {
    await this.run(SWITCH, ['ip', 'link', 'set', this.#portOf(machine, network), 'up']);
  }

  /** Closes the connections from one to the other, as a kernel does whose process ends; both hear of it at once. */
  async reset(one: string, other: string): Promise<void> {
    const addresses = this.networksOf(other).map((network) => `dst ${this.addressOf(other, network)}`);
    await this.run(one, ['ss', '--tcp', '--kill', '--no-header', `( ${addresses.join(' or ')} )`]);
  }

  /** The names of machines and networks together are too long for an interface. */
  #portOf(machine: string, network: string): string {
    return `m${this.machines.indexOf(machine)}.${[...this.#segments.keys()].indexOf(network)}`;
  }

  /** The two ports of one bridge between which everything goes that goes between these two machines, and nothing else. */
  #portsBetween(network: string, one: string, other: string): readonly [string, string] {
    const { machines, roundTripMs = 0 } = this.#segments.get(network) ?? { machines: [] };
    const isNear = (machine: string): boolean => roundTripMs > 0 && machine === machines[0];
    const portOf = (machine: string): string =>
      isNear(machine) ? this.#relayPorts(network)[1] : this.#portOf(machine, network);
    return [portOf(one), portOf(other)];
  }

  #directions(these: readonly string[], those: readonly string[], over?: string): string[] {
    const pairs = these.flatMap((one) => those.filter((other) => other !== one).map((other) => [one, other] as const));
    const directions = pairs.flatMap(([one, other]) =>
      this.shared(one, other)
        .filter((network) => over === undefined || over === network)
        .flatMap((network) => {
          const [left, right] = this.#portsBetween(network, one, other);
          return [`"${left}" . "${right}"`, `"${right}" . "${left}"`];
        }),
    );
    return [...new Set(directions)];
  }

  #filter(commands: string): void {
    const [program = '', ...args] = this.#namespaces.inside(SWITCH);
    feed(program, [...args, 'nft', '-f', '-'], commands);
  }

  async #build(): Promise<void> {
    this.#namespaces.add([SWITCH, ...this.machines]);
    this.#filter(FAULTS);
    for (const [name, { machines, roundTripMs = 0, lossPercent = 0 }] of this.#segments) {
      const isDelayed = roundTripMs > 0;
      const bridges = isDelayed ? [name, farOf(name)] : [name];
      this.#namespaces.configure(
        SWITCH,
        bridges.flatMap((bridge) => [
          `link add ${bridge} type bridge forward_delay 0 mcast_snooping 0`,
          `link set ${bridge} up`,
        ]),
      );
      for (const [index, machine] of machines.entries()) {
        this.#attach(machine, name, isDelayed && index > 0 ? farOf(name) : name);
      }
      if (isDelayed) await this.#relay(name, roundTripMs / 2);
      if (lossPercent > 0) this.#lose(name, lossPercent);
    }
  }

  #attach(machine: string, network: string, bridge: string): void {
    const port = this.#portOf(machine, network);
    const inner = this.#namespaces.nameOf(machine);
    this.#namespaces.configure(SWITCH, [
      `link add ${port} type veth peer name ${network} netns ${inner}`,
      `link set ${port} master ${bridge} up`,
    ]);
    const address = `${this.addressOf(machine, network)}/24`;
    this.#namespaces.configure(machine, [`addr add ${address} dev ${network}`, `link set ${network} up`]);
  }

  /** The ports of the cable with a length: on the side of the first machine, and on that of all others. */
  #relayPorts(network: string): readonly [string, string] {
    const number = [...this.#segments.keys()].indexOf(network);
    return [`near.${number}`, `far.${number}`];
  }

  async #relay(network: string, delayMs: number): Promise<void> {
    const [near, far] = this.#relayPorts(network);
    const [program = '', ...args] = this.#namespaces.inside(SWITCH);
    const relay = spawn(program, [...args, '/usr/bin/python3', relayProgram, near, far, String(delayMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#relays.push(relay);
    const signal = AbortSignal.timeout(relayReadyMsMax);
    await Promise.race([once(relay.stdout, 'data', { signal }), once(relay, 'exit', { signal })]);
    this.#namespaces.configure(SWITCH, [
      `link set ${near} master ${network} up`,
      `link set ${far} master ${farOf(network)} up`,
    ]);
  }

  #lose(network: string, percent: number): void {
    const ports = this.#segments.get(network)?.machines.map((machine) => `"${this.#portOf(machine, network)}"`) ?? [];
    // Not of ARP: who asks for an address there asks again only after a second.
    const chance = `ether type ip numgen random mod 10000 < ${Math.round(percent * 100)}`;
    this.#filter(`add rule bridge faults forward iifname { ${ports.join(', ')} } ${chance} drop\n`);
  }

  /** Lets a machine forward, and hides what is behind it from this network. */
  async #translate(machine: string, outside: string): Promise<void> {
    await this.run(machine, ['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    await this.run(machine, ['nft', `${NAT} add rule ip nat out oifname "${outside}" masquerade`]);
  }
}

// A cluster that does not exist: machines, services, links and traffic drawn from a seed, and things that happen to them.
import { Atlas } from '@snapcommunicator/network/atlas';
import { makeTopology, Random } from '@snapcommunicator/network/simulator';
import { ledgerOf } from './ledger.mjs';

const ROLES = {
  web: ['website', 'sessions', 'pages'],
  db: ['database', 'backup'],
  mail: ['sendmail', 'bounces'],
  img: ['images', 'thumbnails'],
  cache: ['cache', 'sessions'],
  job: ['crawler', 'lists', 'reports'],
  log: ['logs', 'metrics'],
  auth: ['accounts', 'tokens'],
};
const EVERYWHERE = ['firewall', 'watchdog'];
const CENTERS = ['west', 'east', 'north', 'south', 'coast', 'alpine', 'delta', 'island', 'harbor', 'valley'];
const COMMANDS = ['GET', 'STORE', 'RESIZE', 'NOTIFY', 'FLUSH', 'STATUS'];

const HISTORY_SECONDS = 600;
const HELLO_MS = 0.3;

/** What the fiction is drawn from: the same options, the same cluster. */
export const CLUSTER = { machines: 7, dataCenters: 2, seed: 1, start: 1_800_000_000 };

export class Cluster {
  #random;
  #clock;
  #machines = new Map();
  #links = [];
  #flows = [];
  #events = [];
  #isRouted = false;
  #known;
  /** Messages that the machine has lost without counting them, by its name. */
  #uncounted = new Map();
  /** How often each was asked for its ledger. */
  #asked = new Map();

  /** @param clock gives Unix seconds */
  constructor(options = {}, clock = () => Date.now() / 1000) {
    const { machines, dataCenters, seed } = { ...CLUSTER, ...options };
    this.#random = new Random(seed);
    this.#clock = clock;
    const kind = machines < 4 ? 'ring' : 'random';
    const shape = { kind, nodes: machines, degree: 2.7, servicesPerNode: 1, areas: dataCenters, linksBetween: 2 };
    const topology = makeTopology(shape, this.#random);
    const names = new Map();
    const roles = Object.keys(ROLES);
    topology.nodes.forEach(({ name, area }, index) => {
      const role = roles[index % roles.length];
      const own = `${role}${1 + Math.floor(index / roles.length)}`;
      names.set(name, own);
      this.#add(own, dataCenters > 1 ? CENTERS[Number(area.slice('area'.length)) - 1] : '', role);
    });
    for (const { a, b, delayMs, cost } of topology.links) this.#connect(names.get(a), names.get(b), delayMs, cost);
    for (const machine of this.#machines.values()) this.#drawFlows(machine);
  }

  get names() {
    return [...this.#machines.keys()];
  }

  get first() {
    return this.names[0];
  }

  #add(name, dataCenter, role) {
    const random = this.#random;
    const services = [...(ROLES[role] ?? [role]), ...EVERYWHERE.filter(() => random.chance(0.7))];
    this.#machines.set(name, {
      name,
      id: random.id(),
      dataCenter,
      services,
      load: Math.round(4 + random.next() ** 2 * 60),
      upSince: this.#clock() - Math.round(600 + random.next() * 40 * 86_400),
      lostSince: undefined,
      isDraining: false,
      isOpaque: false,
    });
  }

  #connect(a, b, delayMs, cost) {
    const [one, other] = [this.#machines.get(a), this.#machines.get(b)];
    const isFar = one.dataCenter !== other.dataCenter;
    const roundTripMs = isFar ? 2 * Math.max(4, delayMs) : HELLO_MS + this.#random.next() * 1.4;
    const link = {
      a,
      b,
      cost: cost ?? (isFar ? 100 : 10),
      isFar,
      isSecure: isFar,
      roundTripMs,
      state: 'up',
      flow: new Map(),
    };
    this.#links.push(link);
  }

  #drawFlows(machine) {
    const random = this.#random;
    for (let turn = 0; turn < 3; turn++) {
      const from = random.pick(machine.services);
      const service = random.pick(random.pick(Object.values(ROLES)));
      // Few flows carry most of the messages.
      const rate = Math.round(10 ** (random.next() * 3.1)) / 4;
      // Some ask an instance elsewhere, as replicas do of each other.
      const isFar = random.chance(0.22);
      this.#flows.push({
        isFar,
        from: machine.name,
        fromService: from,
        service,
        rate,
        phase: random.next() * 6,
        command: random.pick(COMMANDS),
      });
    }
    this.#isRouted = false;
  }

  /** The whole truth, that no daemon has. */
  #document(servers) {
    return {
      version: 1,
      seenFrom: this.first,
      time: this.#clock(),
      dataCenters: [],
      servers,
      links: this.#links.map((link) => this.#atlasLink(link)),
    };
  }

  #atlasLink({ a, b, cost, isFar, isSecure, roundTripMs, state }, seenFrom) {
    const isOwn = seenFrom === a || seenFrom === b;
    const isLost = [a, b].some((end) => this.#machines.get(end).lostSince !== undefined);
    return {
      from: a,
      to: b,
      cost,
      kind: isFar ? 'data-center' : 'network',
      state: isLost ? 'half' : state,
      isOpaque: this.#machines.get(b).isOpaque,
      isSecure,
      ...(isOwn && !isLost && { roundTripMs: Number(roundTripMs.toFixed(3)), upSince: this.#clock() - 5000 }),
    };
  }

  #atlasServer(machine, knowledge, atlas, seenFrom) {
    const { name, id, dataCenter, services, load, upSince, lostSince, isDraining, isOpaque } = machine;
    const isReachable = lostSince === undefined;
    const distance = isReachable ? atlas.cost(seenFrom, name) : undefined;
    return {
      name,
      id,
      incarnation: 1_799_000_000,
      dataCenter,
      knowledge: isOpaque ? 'opaque' : knowledge,
      ...(knowledge === 'whole' && {
        version: '0.1.0',
        load,
        address: `10.0.${this.names.indexOf(name) >> 8}.${this.names.indexOf(name) & 255}:4042`,
      }),
      ...(knowledge === 'whole' && isReachable && { upSince }),
      isDraining,
      isReachable,
      ...(!isReachable && { lostSince }),
      ...(distance !== undefined && { distance }),
      nextHops: [],
      services: [...services]
        .sort()
        .map((service) => ({ name: service, ...(knowledge === 'whole' && { commands: COMMANDS.slice(0, 3) }) })),
    };
  }

  /** The graph as the daemon of a machine tells it: its own data centre whole, of others a summary. */
  graph(seenFrom = this.first) {
    const machines = [...this.#machines.values()];
    const own = this.#machines.get(seenFrom).dataCenter;
    const atlas = this.#atlas();
    const inOwn = (name) => this.#machines.get(name).dataCenter === own;
    const centers = [...new Set(machines.map(({ dataCenter }) => dataCenter))].sort();
    return {
      version: 1,
      seenFrom,
      time: this.#clock(),
      dataCenters: centers.map((name) => ({
        name,
        isOwn: name === own,
        serverCount: machines.filter(({ dataCenter }) => dataCenter === name).length,
        cost: name === own ? 0 : 100,
      })),
      servers: machines
        .map((machine) => this.#atlasServer(machine, machine.dataCenter === own ? 'whole' : 'summary', atlas, seenFrom))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      links: this.#links.filter(({ a, b }) => inOwn(a) || inOwn(b)).map((link) => this.#atlasLink(link, seenFrom)),
    };
  }

  #atlas() {
    this.#known ??= this.#look();
    return this.#known;
  }

  #look() {
    const bare = [...this.#machines.values()].map(({ name, lostSince, isOpaque }) => ({
      name,
      dataCenter: '',
      knowledge: isOpaque ? 'opaque' : 'whole',
      isReachable: lostSince === undefined,
      isDraining: false,
      nextHops: [],
      services: [],
    }));
    return new Atlas(this.#document(bare));
  }

  /** Leads every flow to the nearest instance, over the links of the cheapest way. */
  #route() {
    if (this.#isRouted) return;
    this.#isRouted = true;
    const atlas = this.#atlas();
    const links = new Map();
    for (const link of this.#links) {
      link.flow = new Map([
        [link.a, []],
        [link.b, []],
      ]);
      links.set(`${link.a} ${link.b}`, link).set(`${link.b} ${link.a}`, link);
    }
    const isUp = (name) => this.#machines.get(name).lostSince === undefined;
    for (const flow of this.#flows) {
      const instances = [...this.#machines.values()].filter(
        (each) => each.services.includes(flow.service) && isUp(each.name),
      );
      flow.to = undefined;
      if (!isUp(flow.from)) continue;
      const reached = instances
        .map(({ name }) => ({ name, cost: atlas.cost(flow.from, name) ?? Infinity }))
        .filter(({ cost }) => cost < Infinity)
        .sort((a, b) => a.cost - b.cost);
      const nearest = flow.isFar ? reached.at(-1) : reached[0];
      if (nearest === undefined) continue;
      flow.to = nearest.name;
      const way = atlas.shortest(flow.from, nearest.name, 1)[0]?.servers ?? [];
      way.slice(1).forEach((next, at) => links.get(`${way[at]} ${next}`)?.flow.get(way[at])?.push(flow));
    }
  }

  #rateOf({ rate, phase }) {
    return rate * (1 + 0.3 * Math.sin(this.#clock() / 6 + phase));
  }

  /** What the daemon of a machine says of its traffic. */
  traffic(name) {
    this.#route();
    const flows = this.#flows
      .filter(({ from, to }) => to !== undefined && (from === name || to === name))
      .map((flow) => ({
        from: `${flow.from}:${flow.fromService}`,
        to: `${flow.to}:${flow.service}`,
        command: flow.command,
        messages: this.#rateOf(flow),
        bytes: this.#rateOf(flow) * 180,
      }));
    const sum = (list) => list.reduce((total, flow) => total + this.#rateOf(flow), 0);
    const links = this.#links
      .filter(({ a, b }) => a === name || b === name)
      .map(({ a, b, flow }) => {
        const other = a === name ? b : a;
        const [messagesOut, messagesIn] = [sum(flow.get(name) ?? []), sum(flow.get(other) ?? [])];
        return { server: other, messagesOut, messagesIn, bytesOut: messagesOut * 180, bytesIn: messagesIn * 180 };
      });
    const services = this.#machines.get(name).services.map((service) => ({
      service,
      sent: sum(
        this.#flows.filter((flow) => flow.from === name && flow.fromService === service && flow.to !== undefined),
      ),
      received: sum(this.#flows.filter((flow) => flow.to === name && flow.service === service)),
    }));
    const messages = flows.reduce((total, flow) => total + flow.messages, 0);
    return {
      time: this.#clock(),
      seconds: 1,
      isSampled: false,
      messages,
      bytes: messages * 180,
      services,
      commands: COMMANDS.map((command) => {
        const rate = flows.reduce((total, flow) => total + (flow.command === command ? flow.messages : 0), 0);
        return { command, messages: rate, bytes: rate * 180 };
      }),
      flows,
      links,
    };
  }

  history(name) {
    const now = Math.floor(this.#clock());
    const own = this.traffic(name).messages;
    const messages = Array.from({ length: HISTORY_SECONDS }, (_, at) => {
      const time = now - HISTORY_SECONDS + at;
      return Math.max(0, own * (1 + 0.25 * Math.sin(time / 19) + 0.12 * Math.sin(time / 3.7)));
    });
    return { start: now - HISTORY_SECONDS, step: 1, messages, events: this.#events };
  }

  /** What the daemon of a machine has counted: all of it balances but for what was miscounted. It is asked by the first. */
  ledger(name) {
    this.#route();
    const { first } = this;
    if (name !== first) this.#asked.set(name, (this.#asked.get(name) ?? 0) + 1);
    const others = this.names.filter((other) => other !== name && this.#machines.get(other).lostSince === undefined);
    return ledgerOf({
      name,
      lives: new Map([name, ...others].map((server) => [server, this.#instanceOf(server)])),
      flows: this.#flows.filter(({ to }) => to !== undefined),
      asker: first,
      asked: this.#asked,
      uncounted: this.#uncounted.get(name) ?? 0,
      time: this.#clock(),
      upSince: this.#machines.get(name).upSince,
    });
  }

  #instanceOf(name) {
    const { id, upSince } = this.#machines.get(name);
    return `${id}~${Math.floor(upSince)}`;
  }

  /** A machine has lost messages and knows nothing of it. */
  miscount(name, messages) {
    this.#uncounted.set(name, messages);
  }

  /** Messages of the last seconds as a machine's recorder holds them, oldest first. */
  records(name, count = 200) {
    this.#route();
    const now = this.#clock();
    const flows = this.#flows.filter(({ from, to }) => to !== undefined && (from === name || to === name));
    return Array.from({ length: flows.length === 0 ? 0 : count }, (_, at) => {
      const flow = flows[at % flows.length];
      const isHere = flow.to === name;
      const number = Math.floor(now) * 100 + at;
      return {
        time: now - (count - at) * 0.11,
        number,
        from: `${flow.from}:${flow.fromService}`,
        to: `${flow.to}:${flow.service}`,
        command: flow.command,
        size: 90 + ((at * 37) % 400),
        outcome: isHere ? 'delivered' : 'sent',
        id: `${this.#machines.get(flow.from).id}.1.0.${number}`,
      };
    });
  }

  /** The services of a machine as LIST_SERVICES tells them in detail. */
  services(name) {
    return [...this.#machines.values()].flatMap((machine) =>
      machine.services.map((service) => ({
        server: machine.name,
        service,
        status: machine.lostSince === undefined ? 'up' : 'down',
        up_since: machine.upSince,
        ...(machine.name === name && { commands: COMMANDS.slice(0, 3), delivered: 1000, queued_bytes: 0 }),
      })),
    );
  }

  machine(name) {
    return this.#machines.get(name);
  }

  /** The links of a machine: the names of its neighbours. */
  neighbors(name) {
    return this.#links.flatMap(({ a, b }) => (a === name ? [b] : b === name ? [a] : []));
  }

  #happen(event) {
    this.#events.push({ time: this.#clock(), ...event });
    this.#isRouted = false;
    this.#known = undefined;
  }

  lose(name, secondsAgo = 0) {
    this.#machines.get(name).lostSince = this.#clock() - secondsAgo;
    this.#happen({ kind: 'server-lost', server: name });
  }

  recover(name) {
    const machine = this.#machines.get(name);
    machine.lostSince = undefined;
    machine.upSince = this.#clock();
    this.#happen({ kind: 'server-up', server: name });
  }

  drain(name, isDraining = true) {
    this.#machines.get(name).isDraining = isDraining;
  }

  addService(name, service) {
    this.#machines.get(name).services.push(service);
    this.#happen({ kind: 'service-up', server: name, service });
  }

  addMachine(name, neighbor, role = 'web') {
    this.#add(name, this.#machines.get(neighbor).dataCenter, role);
    this.#connect(neighbor, name, 0.3, 10);
    this.#drawFlows(this.#machines.get(name));
    this.#happen({ kind: 'server-up', server: name });
  }

  /** A daemon of another kind behind a machine. */
  addOpaque(name, neighbor, services = ['sendmail']) {
    this.addMachine(name, neighbor);
    Object.assign(this.#machines.get(name), { isOpaque: true, services });
    this.#known = undefined;
    this.#flows = this.#flows.filter(({ from }) => from !== name);
  }

  setLinkState(a, b, state) {
    const link = this.#links.find((each) => (each.a === a && each.b === b) || (each.a === b && each.b === a));
    link.state = state;
    this.#happen({ kind: state === 'up' ? 'link-up' : 'link-lost', server: a, peer: b });
  }

  /** Nobody says anything any more. */
  silence() {
    this.#flows = [];
    this.#isRouted = false;
  }
}

// What daemons say of their traffic now and lately: the forms in which TRAFFIC and HISTORY carry it.

/** Rates are per second. */
export interface Traffic {
  /** Unix seconds. */
  readonly time: number;
  /** The span that the rates are over. */
  readonly seconds: number;
  /** Whether rates of flows, services and commands are estimates: more passed than the recorder holds. */
  readonly isSampled: boolean;
  readonly messages: number;
  readonly bytes: number;
  /** Busiest first. */
  readonly services: readonly { readonly service: string; readonly sent: number; readonly received: number }[];
  readonly commands: readonly { readonly command: string; readonly messages: number; readonly bytes: number }[];
  readonly flows: readonly {
    readonly from: string;
    readonly to: string;
    readonly command: string;
    readonly messages: number;
    readonly bytes: number;
  }[];
  readonly links: readonly {
    /** The neighbour. */
    readonly server: string;
    readonly messagesOut: number;
    readonly messagesIn: number;
    readonly bytesOut: number;
    readonly bytesIn: number;
  }[];
}

export const HAPPENINGS = ['server-up', 'server-lost', 'link-up', 'link-lost', 'service-up', 'service-down'] as const;
export type Happening = (typeof HAPPENINGS)[number];

export interface HistoryEvent {
  /** Unix seconds. */
  readonly time: number;
  readonly kind: Happening;
  /** The machine that it is about; of a link one end. */
  readonly server: string;
  /** The other end of a link. */
  readonly peer?: string;
  readonly service?: string;
}

export interface History {
  /** Unix seconds of the first entry of `messages`. */
  readonly start: number;
  /** Seconds between two entries. */
  readonly step: number;
  /** Messages per second that this daemon dealt with. */
  readonly messages: readonly number[];
  /** Oldest first. What was before the first of them is not known. */
  readonly events: readonly HistoryEvent[];
}

import type {
  ConnectionView,
  GatewaysView,
  PacketCounts,
  Snapshot,
  StageView,
  TopologyView,
} from 'sotto-wasm';
import { text, type StringName } from '../browser/strings';
import { shorten } from '../format/shorten';
import { size } from '../format/size';
import { clock, span } from '../format/time';
import { STEPS } from '../popup/connection';
import type { Fault } from './watch';

/** A name and what is known under it. */
export type Fact = [name: string, value: string];

/** Facts that belong together. */
export interface Section {
  title: string;
  facts: Fact[];
}

/** So many characters of a gateway's name tell it from others, and do not give all of it away. */
const NAME_LENGTH = 9;

/** What is known besides the snapshot; times are in milliseconds since the Unix epoch. */
export interface Seen {
  packets: PacketCounts | null;
  /** What is left at the gateway, in bytes; null while there is no connection. */
  bandwidth: number | null;
  faults: Fault[];
  /** How long a packet took round the network, in milliseconds; null if none came back. */
  roundTrip: number | null;
  now: number;
}

/**
 * What a person who helps may see: states, counts, ages, codes of faults, and shortened names of
 * gateways. Nothing of an address, a key, a tag, a message, or the directory in use.
 */
export function report(snapshot: Snapshot, { packets, bandwidth, faults, roundTrip, now }: Seen): Section[] {
  return [
    { title: text('diagnosticsConnection'), facts: connectionFacts(snapshot, roundTrip) },
    { title: text('gatewayTitle'), facts: gatewayFacts(snapshot.gateways, bandwidth) },
    { title: text('diagnosticsMap'), facts: mapFacts(snapshot.topology, now) },
    { title: text('diagnosticsPackets'), facts: packetFacts(packets) },
    { title: text('diagnosticsMessages'), facts: messageFacts(snapshot) },
    { title: text('diagnosticsFaults'), facts: faultFacts(faults) },
  ];
}

/** The report as lines of text. */
export function plainText(sections: Section[]): string {
  const lines = ({ title, facts }: Section) => [
    title,
    ...facts.map(([name, value]) => `  ${name}: ${value}`),
  ];
  return sections.map((section) => `${lines(section).join('\n')}\n`).join('\n');
}

function connectionFacts(
  { stage, connection, storage, settings }: Snapshot,
  roundTrip: number | null,
): Fact[] {
  return [
    [text('diagnosticsVault'), stageWords(stage)],
    [text('diagnosticsState'), state(connection)],
    ...(roundTrip === null ? [] : [[text('diagnosticsRoundTrip'), `${roundTrip} ms`] satisfies Fact]),
    [text('trafficTitle'), text(TRAFFIC[settings.traffic])],
    [text('diagnosticsStorage'), storage ? storage.code : text('diagnosticsWorks')],
  ];
}

const TRAFFIC = { protected: 'trafficProtected', fast: 'trafficFast', direct: 'trafficDirect' } as const;

/** Where the vault stands, and what opens it. */
function stageWords(stage: StageView): string {
  switch (stage.name) {
    case 'open':
      return text(stage.protection === 'passphrase' ? 'diagnosticsWithPassphrase' : 'diagnosticsWithDevice');
    case 'lost':
      return withCode(text('diagnosticsLost'), stage.problem.code);
    default:
      return text(STAGES[stage.name]);
  }
}

const STAGES = {
  starting: 'connectionStarting',
  new: 'diagnosticsNew',
  locked: 'diagnosticsLocked',
} as const;

function state(connection: ConnectionView): string {
  switch (connection.state) {
    case 'connecting':
      return text(STEPS[connection.step]);
    case 'online':
      return withCode(text('diagnosticsOnline'), connection.problem?.code);
    case 'offline':
      return withCode(text('connectionOffline'), connection.problem.code);
  }
}

function withCode(words: string, code: string | undefined): string {
  return code === undefined ? words : `${words} (${code})`;
}

function gatewayFacts({ own, next, former }: GatewaysView, bandwidth: number | null): Fact[] {
  return [
    [text('diagnosticsOwnGateway'), gateway(own)],
    [text('diagnosticsBandwidth'), bandwidth === null ? text('diagnosticsNone') : size(bandwidth)],
    ...(next ? [[text('gatewayMoving'), `${gateway(next.gateway)}, ${state(next.connection)}`] as Fact] : []),
    ...former.map(({ gateway: name, online, leaving }): Fact => {
      const words = leaving ? 'gatewayLeaving' : online ? 'diagnosticsOnline' : 'connectionOffline';
      return [text('gatewayFormer'), `${gateway(name)}, ${text(words)}`];
    }),
  ];
}

function gateway(name: string | null): string {
  return name === null ? text('diagnosticsNone') : shorten(name, NAME_LENGTH);
}

function mapFacts(topology: TopologyView | null, now: number): Fact[] {
  if (!topology) return [[text('diagnosticsMap'), text('diagnosticsNone')]];
  return [
    [text('diagnosticsAge'), span(Math.max(0, now - topology.fetchedAt))],
    [text('diagnosticsSource'), text(topology.stored ? 'diagnosticsFromDisk' : 'directoryTitle')],
    [text('diagnosticsEpoch'), String(topology.epoch)],
    [text('diagnosticsMixNodes'), String(topology.mixNodes)],
    [text('diagnosticsGateways'), String(topology.gateways)],
  ];
}

const COUNTS: Record<keyof PacketCounts, StringName> = {
  packetsSent: 'packetsSent',
  packetsRepeated: 'packetsRepeated',
  coverSent: 'packetsCoverSent',
  acks: 'packetsAcks',
  strayAcks: 'packetsStrayAcks',
  fragments: 'packetsFragments',
  duplicates: 'packetsDuplicates',
  cover: 'packetsCover',
  malformed: 'packetsMalformed',
  unreadable: 'packetsUnreadable',
  unknownText: 'packetsUnknownText',
  damagedRecords: 'packetsDamagedRecords',
};

function packetFacts(packets: PacketCounts | null): Fact[] {
  if (!packets) return [[text('diagnosticsPackets'), text('diagnosticsNone')]];
  const counted = Object.entries(COUNTS) as [keyof PacketCounts, StringName][];
  return counted.map(([count, name]) => [text(name), String(packets[count])]);
}

function messageFacts({ messages, conversations }: Snapshot): Fact[] {
  const states = messages.flatMap(({ delivery }) => (delivery ? [delivery.state] : []));
  const count = (...wanted: string[]) => String(states.filter((state) => wanted.includes(state)).length);
  const levels = conversations.flatMap(({ peer }) =>
    peer.kind === 'anonymous' ? [peer.level.available] : [],
  );
  return [
    [text('deliveryQueued'), count('queued', 'sending')],
    [text('diagnosticsWaiting'), count('waitingForReplyBlocks')],
    [text('deliverySent'), count('sent')],
    [text('deliveryAtGateway'), count('atGateway')],
    [text('deliveryDelivered'), count('delivered')],
    [text('deliveryPaused'), count('paused')],
    [text('deliveryFailed'), count('failed')],
    [text('diagnosticsReplyBlocks'), levels.join(', ') || text('diagnosticsNone')],
  ];
}

function faultFacts(faults: Fault[]): Fact[] {
  if (faults.length === 0) return [[text('diagnosticsFaultsSeen'), text('diagnosticsNone')]];
  return faults.map(({ at, code }) => [clock(at), code]);
}

// Placeholder with the shapes of the contract; replaced by the types generated from Rust.

export type Fault = 'you' | 'peer' | 'gateway' | 'directory' | 'storage' | 'internal';

export interface Settings {
  directory: string;
  traffic: 'direct' | 'paced';
}

export type Request =
  | { type: 'subscribe' }
  | { type: 'send'; to: string; text: string }
  | { type: 'retry'; id: string }
  | { type: 'cancel'; id: string }
  | { type: 'message'; id: string }
  | { type: 'settings' }
  | { type: 'setSettings'; settings: Settings };

export interface ErrorView {
  code: string;
  fault: Fault;
  message: string;
}

export type Reply =
  | { type: 'ok' }
  | { type: 'accepted'; id: string }
  | { type: 'message'; message: MessageView; text: string }
  | { type: 'settings'; settings: Settings }
  | { type: 'error'; error: ErrorView };

export interface DeliveryProblem {
  code: string;
  message: string;
  canRetry: boolean;
}

export interface DeliveryView {
  state: 'queued' | 'sending' | 'sent' | 'atGateway' | 'failed';
  acked?: number;
  total?: number;
  problem?: DeliveryProblem;
}

export interface MessageView {
  id: string;
  direction: 'sent' | 'received';
  peer: string | null;
  text: string;
  truncated: boolean;
  size: number;
  at: number;
  delivery: DeliveryView | null;
}

export type ConnectionStep = 'directory' | 'gateway' | 'registering' | 'authenticating' | 'bandwidth';

export type ConnectionView =
  | { state: 'connecting'; step: ConnectionStep }
  | { state: 'online'; gateway: string; bandwidth: number }
  | { state: 'offline'; problem: ErrorView; retryAt: number | null };

export interface Snapshot {
  address: string | null;
  connection: ConnectionView;
  messages: MessageView[];
  settings: Settings;
}

export type Event =
  | { type: 'snapshot'; snapshot: Snapshot }
  | { type: 'connection'; connection: ConnectionView }
  | { type: 'address'; address: string }
  | { type: 'message'; message: MessageView }
  | { type: 'removed'; id: string };

export interface PageMessage {
  id: number;
  request: Request;
}

export type BackgroundMessage = { id: number; reply: Reply } | { event: Event };

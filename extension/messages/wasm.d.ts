// Placeholder with the shape of the contract; replaced by what wasm-bindgen generates.
export default function init(options: { module_or_path: string }): Promise<unknown>;
export class Background {
  static start(): Promise<Background>;
  connectPort(send: (message: unknown) => void): number;
  portMessage(port: number, message: unknown, senderUrl: string): void;
  disconnectPort(port: number): void;
  wake(): void;
  networkChanged(): void;
  isConnected(): boolean;
}
